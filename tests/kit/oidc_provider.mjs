// A certified provider of OpenID Connect: node oidc_provider.mjs FOLDER PORT ADDRESS, where FOLDER has node_modules.
import { pathToFileURL } from "node:url";

const [folder, port, back] = process.argv.slice(2);
const { Provider } = await import(pathToFileURL(`${folder}/node_modules/oidc-provider/lib/index.js`));
const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [
    {
      client_id: "queue",
      client_secret: "the secret of this installation",
      redirect_uris: [back],
      grant_types: ["authorization_code"],
      response_types: ["code"],
    },
  ],
  pkce: { required: () => true },
  scopes: ["openid", "profile"],
  claims: { openid: ["sub"], profile: ["name", "preferred_username", "groups"] },
  findAccount: (_context, id) => ({
    accountId: id,
    claims: () => ({ sub: id, name: "ليلى", preferred_username: id, groups: ["clerks"] }),
  }),
});
provider.listen(Number(port), "127.0.0.1");
