// The map on paper: A4 on its side, the legend and the list beside the map instead of over it.
Object.assign(jxgis, (() => {
  "use strict";
  const { element } = jxgis.parts;
  // The sheet without its margins of 10 mm, in pixels, and the column of the legend.
  const WIDE = 1046, HIGH = 716, COLUMN = 286, GAP = 8;

  const paper = (map) => {
    const container = map.getContainer();
    const find = (selector) => container.querySelector(selector);
    let undo = null;
    const lay = () => {
      if (undo) return;
      const [centre, zoom, seen, look, retina] = [map.getCenter(), map.getZoom(), map.getBounds(), container.style.cssText, L.Browser.retina];
      const closed = [...container.querySelectorAll("details:not([open])")];
      const list = find(".jx-list");
      const [corner, after] = [list?.parentNode, list?.nextSibling];
      document.documentElement.classList.add("jx-paper");
      closed.forEach((details) => { details.open = true; });
      // Which of several layers is shown is told by the switch, which no paper has.
      const chosen = find(".leaflet-control-layers-base input:checked")?.parentNode.textContent ?? find(".leaflet-control-layers .jx-choice")?.selectedOptions[0]?.textContent;
      const title = find(".jx-title");
      const told = element("p", null, chosen?.trim());
      told.className = "jx-shown";
      if (chosen) title.querySelector("h1").after(told);
      const top = [...container.querySelectorAll(".leaflet-top.leaflet-left > .jx-box")].reduce((sum, box) => sum + box.offsetHeight + GAP, 0);
      const column = map._controlCorners.bottomright;
      if (list) column.prepend(list);
      // A list for which the column is too short stands on the other side.
      const aside = list && column.offsetHeight > HIGH - top;
      if (aside) corner.insertBefore(list, after);
      // One that is longer than the sheet is made smaller.
      if (aside) list.style.zoom = Math.min(1, (HIGH - top) / list.offsetHeight);
      const left = aside ? list.getBoundingClientRect().width + GAP : 0;
      // What else its style holds, such as where the divider stands, holds on paper too.
      Object.assign(container.style, {
        position: "absolute", left: `${left}px`, top: `${top}px`, width: `${WIDE - left - COLUMN}px`, height: `${HIGH - top}px`, overflow: "visible",
      });
      map._controlContainer.style.cssText = `position:absolute;left:${-left}px;top:${-top}px;width:${WIDE}px;height:${HIGH}px`;
      L.Browser.retina = true;
      map.invalidateSize({ animate: false, pan: false });
      map.fitBounds(map.jxHome && seen.contains(map.jxHome) ? map.jxHome : seen, { animate: false });
      const { x, y } = L.DomUtil.getPosition(map.getPane("mapPane"));
      const { x: width, y: height } = map.getSize();
      map.getPane("mapPane").style.clipPath = `polygon(${[[0, 0], [width, 0], [width, height], [0, height]].map(([a, b]) => `${a - x}px ${b - y}px`).join()})`;
      map.fire("jxpaper");
      // Drawn once more as a picture: thousands of shapes would be printed one by one, with seams between them.
      const pictures = [...container.querySelectorAll("canvas")].filter((canvas) => canvas.width).map((canvas) => {
        const picture = canvas.cloneNode();
        picture.getContext("2d").drawImage(canvas, 0, 0);
        canvas.replaceWith(picture);
        return [picture, canvas];
      });
      undo = () => {
        document.documentElement.classList.remove("jx-paper");
        closed.forEach((details) => { details.open = false; });
        pictures.forEach(([picture, canvas]) => picture.replaceWith(canvas));
        told.remove();
        if (list) {
          corner.insertBefore(list, after);
          list.style.zoom = "";
        }
        container.style.cssText = look;
        map._controlContainer.style.cssText = "";
        map.getPane("mapPane").style.clipPath = "";
        L.Browser.retina = retina;
        map.invalidateSize({ animate: false, pan: false });
        map.setView(centre, zoom, { animate: false });
        undo = null;
      };
    };
    window.addEventListener("beforeprint", lay);
    window.addEventListener("afterprint", () => undo?.());
  };
  return { paper };
})());
