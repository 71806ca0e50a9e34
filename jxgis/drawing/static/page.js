// What the maps of jxgis need beside Leaflet: layers from compact tables, tooltips that never parse text as HTML.
const jxgis = (() => {
  "use strict";

  // One canvas a map for all fills: two stacked canvases would hide the lower one from the mouse.
  const canvases = new Map();
  const canvasOf = (map) => {
    if (!canvases.has(map)) canvases.set(map, L.canvas({ padding: 0.3 }));
    return canvases.get(map);
  };
  const pane = (map, name, zIndex) => {
    if (!map.getPane(name)) map.createPane(name).style.zIndex = zIndex;
    return name;
  };

  const group3 = (digits) => digits.replace(/\B(?=(\d{3})+(?!\d))/g, ",");
  const fixed = (value, digits) => {
    const [whole, part] = Math.abs(value).toFixed(digits).split(".");
    // What rounds to nothing has no sign.
    return (Number(value.toFixed(digits)) < 0 ? "−" : "") + group3(whole) + (part ? "." + part : "");
  };
  const signed = (value, digits) => (Number(value.toFixed(digits)) > 0 ? "+" : "") + fixed(value, digits);
  // kind: text, number, percent (a share of 0–1), change (a share by which a number changes), points (a difference of
  // two shares), points_change (one that rises or falls), p (a probability)
  const format = (value, field) => {
    if (value === null || value === undefined || value === "") return "—";
    if (field.kind === "text") return String(value);
    if (field.kind === "percent") return fixed(100 * value, field.digits) + " %";
    if (field.kind === "change") return signed(100 * value, field.digits) + " %";
    if (field.kind === "points") return fixed(100 * value, field.digits) + " " + field.unit;
    if (field.kind === "points_change") return signed(100 * value, field.digits) + " " + field.unit;
    if (field.kind === "p") return value < 0.001 ? "< 0.001" : fixed(value, 3);
    return fixed(value, field.digits) + (field.unit ? " " + field.unit : "");
  };
  // A column is a list, or words and their numbers where texts repeat.
  const cell = (column, row) => (column.words ? column.words[column.rows[row]] : column[row]);

  const element = (tag, parent, text) => {
    const node = document.createElement(tag);
    if (text !== undefined) node.textContent = text;
    if (parent) parent.appendChild(node);
    return node;
  };
  const card = (data, row) => {
    const box = document.createElement("div");
    if (data.heading) element("b", box, format(cell(data.heading, row), { kind: "text" }));
    const table = element("table", box);
    data.fields.forEach((field, at) => {
      // A number that is missing is a dash; words that are missing are no line at all.
      if (field.kind === "text" && !cell(data.columns[at], row)) return;
      const line = element("tr", table);
      element("th", line, field.label);
      element("td", line, format(cell(data.columns[at], row), field));
    });
    return box;
  };
  const tooltip = (group, data) => {
    if (data.fields.length || data.heading) {
      group.bindTooltip((layer) => card(data, layer.jxRow), { sticky: true, className: "jx-tip", opacity: 1 });
    }
  };

  // Rings are whole numbers of 1e-6 degrees, each the step from the point before; the first from the origin.
  const path = (steps, origin) => {
    const points = [];
    let [x, y] = origin;
    for (let i = 0; i < steps.length; i += 2) {
      x += steps[i];
      y += steps[i + 1];
      points.push([y / 1e6, x / 1e6]);
    }
    return points;
  };
  const rings = (polygons, origin) => polygons.map((polygon) => polygon.map((steps) => path(steps, origin)));

  // A group that makes its layers when it is first shown: a page of seven classes opens as fast as one of one.
  const lazy = (fill) => {
    const group = L.featureGroup();
    const onAdd = group.onAdd;
    group.onAdd = function (map) {
      if (!group.jxFilled) {
        group.jxFilled = true;
        fill(group, map);
      }
      onAdd.call(group, map);
      restack(map);
    };
    return group;
  };
  const restack = (map) => {
    const found = [];
    map.eachLayer((layer) => {
      if (layer.jxLevel !== undefined) found.push(layer);
    });
    found.sort((a, b) => a.jxLevel - b.jxLevel).forEach((group) => group.bringToFront());
  };

  const polygons = (shapes, data) => {
    const group = lazy((self, map) => {
      const renderer = data.fill ? canvasOf(map) : L.svg({ pane: pane(map, "jxlines", 420), padding: 0.3 });
      data.shape.forEach((shape, row) => {
        const style = data.styles[data.style[row]];
        const layer = L.polygon(rings(shapes.rings[shape], shapes.origin), {
          renderer, pane: data.fill ? "overlayPane" : "jxlines", interactive: data.interactive, smoothFactor: 0.5, ...style,
        });
        layer.jxRow = row;
        self.addLayer(layer);
      });
      if (data.interactive) {
        tooltip(self, data);
        self.on("mouseover", (event) => event.layer.setStyle({ weight: 2.5, color: "#1f2d3a", opacity: 1 }));
        self.on("mouseout", (event) => {
          const { weight, color, opacity } = { opacity: 1, ...data.styles[data.style[event.layer.jxRow]] };
          event.layer.setStyle({ weight, color, opacity });
        });
      }
    });
    if (data.fill) group.jxLevel = data.level;
    return group;
  };

  const lines = (data) => lazy((self, map) => {
    const renderer = L.svg({ pane: pane(map, "jxlines", 420), padding: 0.3 });
    data.paths.forEach((parts, row) => {
      const layer = L.polyline(parts.map((steps) => path(steps, data.origin)), {
        renderer, pane: "jxlines", interactive: data.interactive, ...data.styles[data.style[row]],
      });
      layer.jxRow = row;
      self.addLayer(layer);
    });
    if (data.interactive) tooltip(self, data);
  });

  const points = (data) => lazy((self, map) => {
    pane(map, "jxpoints", 430);
    path(data.steps, data.origin).forEach((at, row) => {
      const style = data.styles[data.style[row]];
      let layer;
      if (data.pins) {
        const pin = document.createElement("div");
        pin.className = "jx-pin";
        pin.style.cssText = `width:${style.size}px;height:${style.size}px;background:${style.fillColor}`;
        pin.textContent = format(cell(data.pins, row), { kind: "number", digits: 0 });
        const icon = L.divIcon({ html: pin, className: "", iconSize: [style.size, style.size] });
        layer = L.marker(at, { icon, pane: "jxpoints", zIndexOffset: -10 * row });
      } else {
        layer = L.circleMarker(at, { renderer: L.svg({ pane: "jxpoints" }), pane: "jxpoints", ...style });
      }
      layer.jxRow = row;
      self.addLayer(layer);
    });
    tooltip(self, data);
  });

  const picture = (data) =>
    lazy((self, map) => {
      const options = { pane: pane(map, "jxpicture", 405), className: "jx-picture" };
      self.addLayer(L.imageOverlay(data.uri, data.bounds, options));
    });

  // Of names that would lie on one another only the first is shown: the larger area comes first.
  const declutter = (map) => {
    const taken = [];
    map.getContainer().querySelectorAll(".jx-name span").forEach((name) => {
      name.style.visibility = "";
      const box = name.getBoundingClientRect();
      const free = taken.every((o) => box.right < o.left || box.left > o.right || box.bottom < o.top || box.top > o.bottom);
      if (free) taken.push(box);
      else name.style.visibility = "hidden";
    });
  };

  const names = (data) => lazy((self, map) => {
    pane(map, "jxnames", 425);
    map.getPane("jxnames").style.pointerEvents = "none";
    path(data.steps, data.origin).forEach((at, row) => {
      const text = document.createElement("span");
      text.textContent = data.names[row];
      const icon = L.divIcon({ html: text, className: "jx-name", iconSize: [0, 0] });
      self.addLayer(L.marker(at, { icon, pane: "jxnames", interactive: false, keyboard: false }));
    });
    self.on("add remove", () => declutter(map));
    map.on("zoomend resize", () => declutter(map));
  });

  // A list of ranked places, one list a layer: it follows the layer that is shown, and a click goes to the place.
  const list = (map, position, lists) => {
    const control = L.control({ position });
    control.onAdd = () => {
      const box = L.DomUtil.create("div", "jx-box jx-list");
      L.DomEvent.disableClickPropagation(box).disableScrollPropagation(box);
      return box;
    };
    control.addTo(map);
    const box = control.getContainer();
    const refresh = () => {
      const shown = lists.find((entry) => map.hasLayer(entry.layer));
      box.replaceChildren();
      box.style.display = shown && (shown.rows.length || shown.note) ? "" : "none";
      if (!shown) return;
      element("h2", box, shown.heading);
      const rows = element("ol", box);
      shown.rows.forEach(([rank, name, note, south, west, north, east]) => {
        const button = element("button", element("li", rows));
        button.type = "button";
        element("i", button, String(rank));
        element("span", button, name);
        element("em", button, note);
        button.addEventListener("click", () => map.fitBounds([[south, west], [north, east]], { maxZoom: 15, padding: [80, 80] }));
      });
      if (shown.note) element("p", box, shown.note);
    };
    map.on("baselayerchange", refresh);
    refresh();
    return control;
  };

  const box = (map, position, html, className) => {
    const control = L.control({ position });
    control.onAdd = () => {
      const node = L.DomUtil.create("div", "jx-box " + className);
      node.innerHTML = html;
      L.DomEvent.disableClickPropagation(node).disableScrollPropagation(node);
      return node;
    };
    return control.addTo(map);
  };
  // The legend shows the sections of the layers that are seen; a section without layers always.
  const legend = (map, html, summary, layers) => {
    const control = box(map, "bottomright", "", "jx-legend");
    const details = element("details", control.getContainer());
    details.open = window.innerWidth >= 700;
    element("summary", details, summary);
    element("div", details).innerHTML = html;
    const refresh = () => {
      details.querySelectorAll("[data-section]").forEach((part, at) => {
        part.style.display = !layers[at].length || layers[at].some((layer) => map.hasLayer(layer)) ? "" : "none";
      });
    };
    map.on("layeradd layerremove", (event) => event.layer.jxRow === undefined && refresh());
    refresh();
    return control;
  };
  // A name is HTML, as Leaflet reads it; jxgis writes its own names escaped.
  const layerSwitch = (map, layers) => {
    const control = L.control.layers({}, {}, { collapsed: window.innerWidth < 700, autoZIndex: false });
    layers.forEach(([layer, name, overlay]) => {
      if (overlay) control.addOverlay(layer, name);
      else control.addBaseLayer(layer, name);
    });
    return control.addTo(map);
  };
  const home = (map, bounds, label) => {
    // A wide city would lie below the legend and the switch: it is drawn beside them instead.
    const room = () => {
      const { x: width } = map.getSize();
      const box = L.latLngBounds(bounds);
      const zoom = map.getBoundsZoom(box);
      const across = map.project(box.getNorthEast(), zoom).x - map.project(box.getSouthWest(), zoom).x;
      // Moved to the left by no more than it takes; where that is not enough, it is drawn smaller.
      const right = width < 1000 ? 0 : Math.min(320, Math.max(0, across + 620 - width));
      return { paddingTopLeft: [right ? 10 : 0, 0], paddingBottomRight: [right, 0] };
    };
    map.fitBounds(bounds, { animate: false, ...room() });
    map.setMaxBounds(L.latLngBounds(bounds).pad(1.5));
    const zoom = L.control.zoom({ position: "topleft", zoomInTitle: "", zoomOutTitle: "" }).addTo(map);
    const button = element("a", zoom.getContainer(), "⌂");
    button.className = "jx-home";
    button.href = "#";
    button.title = label;
    button.setAttribute("role", "button");
    button.setAttribute("aria-label", label);
    L.DomEvent.on(button, "click", L.DomEvent.stop).on(button, "click", () => map.fitBounds(bounds, room()));
  };

  return { polygons, lines, points, picture, names, list, box, legend, layerSwitch, home };
})();
