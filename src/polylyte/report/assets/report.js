// Figures become interactive when they come into view; copy buttons; the place in the contents.
(function () {
  "use strict";
  var options = {
    displaylogo: false,
    responsive: true,
    modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d"],
    toImageButtonOptions: { format: "svg" },
  };

  function plot(canvas) {
    var source = document.getElementById(canvas.dataset.plot);
    if (!source || !window.Plotly) return;
    var spec = JSON.parse(source.textContent);
    var target = document.createElement("div");
    target.className = "live";
    canvas.appendChild(target);
    window.Plotly.newPlot(target, spec.data, spec.layout, options).then(
      function () { canvas.classList.add("drawn"); },
      function () { target.remove(); } // the picture stays
    );
  }

  var canvases = document.querySelectorAll("[data-plot]");
  if ("IntersectionObserver" in window) {
    var watcher = new IntersectionObserver(function (entries) {
      entries.forEach(function (entry) {
        if (!entry.isIntersecting) return;
        watcher.unobserve(entry.target);
        plot(entry.target);
      });
    }, { rootMargin: "600px" });
    canvases.forEach(function (canvas) { watcher.observe(canvas); });
  } else {
    canvases.forEach(plot);
  }

  function copy(text) {
    if (navigator.clipboard && window.isSecureContext) return navigator.clipboard.writeText(text);
    var area = document.createElement("textarea");
    area.value = text;
    document.body.appendChild(area);
    area.select();
    var done = document.execCommand("copy");
    area.remove();
    return done ? Promise.resolve() : Promise.reject();
  }

  document.querySelectorAll("button[data-copy]").forEach(function (button) {
    var label = button.textContent;
    button.addEventListener("click", function () {
      var source = document.getElementById(button.dataset.copy);
      copy("value" in source ? source.value : source.textContent).then(
        function () { button.textContent = "Copied"; },
        function () { button.textContent = "Select and copy"; }
      ).then(function () {
        setTimeout(function () { button.textContent = label; }, 1500);
      });
    });
  });

  // A row inside a closed details element is opened when a link leads to it.
  function reveal() {
    var target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    for (var at = target; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
    if (target) target.scrollIntoView();
  }
  window.addEventListener("hashchange", reveal);
  if (location.hash) reveal();

  var links = {};
  document.querySelectorAll("#contents a").forEach(function (link) {
    links[decodeURIComponent(link.getAttribute("href").slice(1))] = link;
  });
  if ("IntersectionObserver" in window) {
    var here = new IntersectionObserver(function (entries) {
      entries.forEach(function (entry) {
        var link = links[entry.target.id];
        if (link) link.classList.toggle("here", entry.isIntersecting);
      });
    }, { rootMargin: "-20% 0px -70% 0px" });
    document.querySelectorAll("main section[id]").forEach(function (part) { here.observe(part); });
  }
})();
