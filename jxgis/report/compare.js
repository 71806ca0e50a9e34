// Maps of two results side by side: they open when they are asked for, and where one goes the other follows.
(() => {
  "use strict";
  document.querySelectorAll("details.live").forEach((pair) => {
    const frames = [...pair.querySelectorAll("iframe")];
    pair.addEventListener("toggle", () => pair.open && frames.forEach((frame) => { frame.src ||= frame.dataset.page; }));
    window.addEventListener("message", ({ source, data }) => {
      const from = frames.findIndex((frame) => frame.contentWindow === source);
      if (from >= 0 && Array.isArray(data?.jxview)) frames[1 - from]?.contentWindow?.postMessage({ jxview: data.jxview }, "*");
    });
  });
})();
