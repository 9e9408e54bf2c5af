// For browsers that do not understand the script of a page: the page comes anew from the server, and is marked as cut
// off while the server is away. Written in the JavaScript of 2009, because whoever needs it knows no other.
(function () {
  var me = document.getElementById("plain");
  var every = Number(me.getAttribute("data-every")) * 1000;
  var address = me.getAttribute("data-address");
  var asked = null;

  function runs() {
    return document.documentElement.hasAttribute("data-runs");
  }

  function cutOff() {
    if (document.body.className.indexOf("is-cut-off") < 0) document.body.className += " is-cut-off";
  }

  // Asked for first: a browser that cannot load a page shows its own error for ever.
  function again() {
    if (runs()) return;
    if (asked) asked.abort();
    var ask = asked = new XMLHttpRequest();
    ask.onreadystatechange = function () {
      if (ask.readyState !== 4 || ask !== asked) return;
      if (ask.status === 200) location.replace(address);
      else cutOff();
    };
    ask.open("GET", address, true);
    ask.send();
    setTimeout(function () { if (!runs() && ask.readyState !== 4) cutOff(); }, every);
  }

  setInterval(again, every);
})();
