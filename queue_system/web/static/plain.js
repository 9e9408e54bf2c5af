// For browsers that do not understand the script of a page: reloads the page, and marks it as cut off while the server
// is away. Written in the JavaScript of 2009, because such browsers know nothing newer.
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

  // Request the page first, because a browser that cannot load a page keeps its own error page for ever.
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
