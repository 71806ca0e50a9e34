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

  // What others put on a map lies above our fills and below borders and names; it leaves the mouse to what lies below
  // it. Where it has something to tell itself, both tell: it above the mouse, the fill below. What it tells may be bound to
  // the layer that it belongs to.
  const tells = (layer) =>
    Boolean(layer.getTooltip?.() || layer.getPopup?.()) || layer.listens("click")
    || Object.values(layer._eventParents || {}).some(tells);
  const tellBoth = (map, path) => {
    let passing = false;
    const pass = (handler, both) => ({ originalEvent }) => {
      const canvas = canvasOf(map);
      // The canvas lets the path hear of it once more.
      if (passing || !canvas._map || !originalEvent) return;
      passing = true;
      map.getContainer().classList.toggle("jx-both", both);
      canvas[handler](originalEvent);
      passing = false;
    };
    path.on("mousemove", pass("_onMouseMove", true)).on("mouseout", pass("_handleMouseOut", false));
  };
  L.Map.addInitHook(function () {
    this.options.renderer = L.svg({ pane: pane(this, "jxadded", 410), padding: 0.3 });
    this.on("layeradd", ({ layer }) => {
      if (!(layer instanceof L.Path) || layer.jxRow !== undefined) return;
      // Tooltips and popups are bound by the time the page's script has run.
      requestAnimationFrame(() => {
        if (!layer._path || layer.jxTells !== undefined) return;
        layer.jxTells = tells(layer);
        if (layer.jxTells) tellBoth(this, layer);
        else layer.options.interactive = false;
        layer._path.classList.toggle("leaflet-interactive", layer.jxTells);
      });
    });
  });
  // folium makes a popup of its HTML with jQuery, of which it needs no more than this; scripts in the HTML do not run.
  window.$ = (markup) => {
    const made = document.createElement("template");
    made.innerHTML = markup;
    return made.content.children;
  };
  // folium.Icon is made for a plugin; here it is a pin of its colour.
  const shades = { lightred: "#ff8e7f", darkpurple: "#5b396b" };
  const Icon = L.DivIcon.extend({
    initialize({ markerColor = "blue" }) {
      const pin = document.createElement("div");
      pin.className = "jx-pin";
      pin.style.cssText = "width:20px;height:20px";
      pin.style.background = shades[markerColor] || markerColor;
      L.setOptions(this, { html: pin, className: "", iconSize: [20, 20], jxColour: pin.style.background });
    },
    createIcon(old) {
      return L.DivIcon.prototype.createIcon.call({ options: { ...this.options, html: this.options.html.cloneNode() }, _setIconStyles: this._setIconStyles }, old);
    },
  });
  L.AwesomeMarkers = { Icon, icon: (options) => new Icon(options) };

  const group3 = (digits) => digits.replace(/\B(?=(\d{3})+(?!\d))/g, ",");
  const rounded = (value, digits) => Number(value.toFixed(digits));
  // A few more decimals where what is something would read as nothing, as i18n.decimals has them.
  const enough = (value, digits) => (digits ? [0, 1, 2, 3].map((more) => digits + more).find((n) => rounded(value, n)) : undefined) ?? digits;
  const fixed = (value, digits) => {
    const shown = enough(value, digits);
    const [whole, part] = Math.abs(value).toFixed(shown).split(".");
    // What rounds to nothing has no sign.
    return (rounded(value, shown) < 0 ? "−" : "") + group3(whole) + (part ? "." + part : "");
  };
  const signed = (value, digits) => (rounded(value, enough(value, digits)) > 0 ? "+" : "") + fixed(value, digits);
  // kind: text, number, quantity (whole numbers without decimals), percent (a share of 0–1), change (a share by which a
  // number changes), points (a difference of two shares), points_change (one that rises or falls), p (a probability)
  const format = (value, field) => {
    if (value === null || value === undefined || value === "") return "—";
    if (field.kind === "text") return String(value);
    if (field.kind === "percent") return fixed(100 * value, field.digits) + " %";
    if (field.kind === "change") return signed(100 * value, field.digits) + " %";
    if (field.kind === "points") return fixed(100 * value, field.digits) + " " + field.unit;
    if (field.kind === "points_change") return signed(100 * value, field.digits) + " " + field.unit;
    if (field.kind === "p") return value < 0.001 ? "< 0.001" : fixed(value, 3);
    const whole = field.kind === "quantity" && Number.isInteger(rounded(value, enough(value, field.digits)));
    return fixed(value, whole ? 0 : field.digits) + (field.unit ? " " + field.unit : "");
  };
  // A column is a list, or words and their numbers where texts repeat.
  const cell = (column, row) => (column.words ? column.words[column.rows[row]] : column[row]);

  // Whole numbers from text, as _encode.packed writes them: the first sign tells whether they are steps, and in runs.
  const DIGITS = new Map([..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"].map((sign, k) => [sign.charCodeAt(0), k]));
  const VALUE = Uint8Array.from({ length: 128 }, (_, code) => DIGITS.get(code) ?? 0);
  const unpack = (text) => {
    if (typeof text !== "string") return text;
    const [steps, runs] = { a: [0, 0], b: [1, 0], c: [0, 1], d: [1, 1] }[text[0]];
    const found = [];
    let number = 0, shift = 1, last = 0, held = null;
    for (let i = 1; i < text.length; i++) {
      const digit = VALUE[text.charCodeAt(i)];
      number += (digit & 31) * shift;
      shift *= 32;
      if (digit & 32) continue;
      const value = number % 2 ? -(number + 1) / 2 : number / 2;
      number = 0;
      shift = 1;
      if (runs && held === null) {
        held = value;
        continue;
      }
      for (let n = runs ? value : 1; n > 0; n--) found.push((last = (steps ? last : 0) + (runs ? held : value)));
      held = null;
    }
    return found;
  };
  const columnOf = (packed) => {
    if (!packed?.rows) return packed;
    const rows = unpack(packed.rows);
    return packed.words ? { words: packed.words, rows } : rows.map((n) => (n ? (n > 0 ? n - 1 : n) / 10 ** packed.digits : null));
  };
  const tableOf = (data) => ({
    ...data,
    heading: columnOf(data.heading),
    columns: data.columns?.map(columnOf),
    style: data.style && unpack(data.style),
    pins: columnOf(data.pins),
    steps: data.steps && unpack(data.steps),
    link: data.link && { ...data.link, column: columnOf(data.link.column) },
  });

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
      // A number that is missing is a dash; words that are missing make no line at all.
      if (field.kind === "text" && !cell(data.columns[at], row)) return;
      const line = element("tr", table);
      element("th", line, field.label);
      element("span", element("td", line), format(cell(data.columns[at], row), field));
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
  const rings = (polygons, origin) => polygons.map((polygon) => polygon.map((steps) => path(unpack(steps), origin)));
  // Geometries that layers share: rings, or squares of a lattice whose corners a cubic polynomial leads to.
  const shapes = ({ heading, id, ...data }) => {
    const headings = heading && columnOf(heading);
    if (data.rings) return { outline: (at) => rings(data.rings[at], data.origin), headings, id: id && ((at) => id[at]) };
    const { first, size, degrees } = data;
    const [column, row] = [unpack(data.column), unpack(data.row)];
    const corner = (x, y) => {
      const found = [0, 0];
      for (let i = 0, k = 0, px = 1; i < 4; i++, px *= x) {
        for (let j = 0, py = px; j < 4 - i; j++, k++, py *= y) {
          found[0] += degrees[1][k] * py;
          found[1] += degrees[0][k] * py;
        }
      }
      return [found[0] / 1e6, found[1] / 1e6];
    };
    const at = (x, y) => corner(x / size[0], y / size[1]);
    return {
      outline: (k) => [[[column[k], row[k]], [column[k], row[k] + 1], [column[k] + 1, row[k] + 1], [column[k] + 1, row[k]]].map(([x, y]) => at(x, y))],
      headings,
      id: id && ((k) => (typeof id === "string" ? id.replace("{column}", column[k] + first[0]).replace("{row}", row[k] + first[1]) : id[k])),
    };
  };

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
  // What the controls ask of a layer: its table, the place of a row, and the same layer once more for another map.
  const made = [];
  const kept = (group, data, place, again) => {
    made.push(group);
    return Object.assign(group, { jxData: data, jxPlace: place, jxAgain: again });
  };
  const restack = (map) => {
    const found = [];
    map.eachLayer((layer) => {
      if (layer.jxLevel !== undefined) found.push(layer);
    });
    found.sort((a, b) => a.jxLevel - b.jxLevel).forEach((group) => group.bringToFront());
  };

  const polygons = (shapes, packed) => {
    const data = { ...tableOf(packed), shape: unpack(packed.shape) };
    if (shapes.headings) {
      const { words, rows } = shapes.headings;
      data.heading = rows ? { words, rows: data.shape.map((at) => rows[at]) } : data.shape.map((at) => shapes.headings[at]);
      data.id = data.shape.map(shapes.id);
      data.searched = false;
    }
    const outline = (row) => shapes.outline(data.shape[row]);
    const group = lazy((self, map) => {
      const renderer = data.fill ? canvasOf(map) : L.svg({ pane: pane(map, "jxlines", 420), padding: 0.3 });
      data.shape.forEach((_, row) => {
        const style = data.styles[data.style[row]];
        const layer = L.polygon(outline(row), {
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
    return kept(group, data, outline, () => polygons(shapes, packed));
  };

  const lines = (packed) => {
    const data = tableOf(packed);
    const course = (row) => data.paths[row].map((steps) => path(unpack(steps), data.origin));
    return kept(lazy((self, map) => {
      const renderer = L.svg({ pane: pane(map, "jxlines", 420), padding: 0.3 });
      data.paths.forEach((_, row) => {
        const layer = L.polyline(course(row), {
          renderer, pane: "jxlines", interactive: data.interactive, ...data.styles[data.style[row]],
        });
        layer.jxRow = row;
        self.addLayer(layer);
      });
      if (data.interactive) tooltip(self, data);
    }), data, course, () => lines(packed));
  };

  const points = (packed) => {
    const data = tableOf(packed);
    return kept(lazy((self, map) => {
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
      if (data.pins) self.on("add remove", () => declutter(map));
    }), data, (row) => path(data.steps, data.origin)[row], () => points(packed));
  };

  // Tiles from the internet, below all else; where none comes, the page keeps its own ground.
  const basemap = ({ addresses, attribution, subdomains, most }) => {
    const key = document.querySelector("meta[name=jxgis-basemap-key]")?.content ?? "";
    const options = { attribution, subdomains: subdomains || "abc", key, maxNativeZoom: most, maxZoom: 19 };
    const [lowest, ...over] = addresses.map((address) => L.tileLayer(address, options));
    let came = 0;
    lowest.on("add", ({ target }) => over.forEach((tiles) => tiles.addTo(target._map))).on("remove", () => over.forEach((tiles) => tiles.remove()))
      .on("tileload", () => { came += 1; }).on("tileerror", () => came || setTimeout(() => came || lowest.remove()));
    return lowest;
  };

  const picture = (data) =>
    kept(lazy((self, map) => {
      const options = { pane: pane(map, "jxpicture", 405), className: "jx-picture" };
      self.addLayer(L.imageOverlay(data.uri, data.bounds, options));
    }), data, null, () => picture(data));

  // Of names that would touch one another only the first is shown: ranked ones, then those of the larger areas. One that a pin
  // would hide moves to the nearest place that is free, one that the edge of the map would cut moves in from it.
  const APART = 4;
  const MOVES = [0, -20, 20, -36, 36].flatMap((x) => [0, -20, 20, -36, 36].map((y) => [x, y]))
    .sort((one, other) => Math.hypot(...one) - Math.hypot(...other));
  const declutter = (map) => {
    const all = (kind) => [...map.getContainer().querySelectorAll(kind)];
    const pins = all(".leaflet-map-pane .jx-pin").map((pin) => pin.getBoundingClientRect());
    const frame = map.getContainer().getBoundingClientRect();
    const taken = [];
    const inward = (low, high, from, to) => Math.max(0, from + APART - low) || Math.min(0, to - APART - high);
    const held = ({ left, right, top, bottom }, [x, y]) => [
      x + inward(left + x, right + x, frame.left, frame.right), y + inward(top + y, bottom + y, frame.top, frame.bottom)];
    const touched = (box, [x, y], others) => others.some((o) =>
      box.right + x + APART >= o.left && box.left + x - APART <= o.right && box.bottom + y >= o.top && box.top + y <= o.bottom);
    [...all(".jx-name.jx-ranked span"), ...all(".jx-name:not(.jx-ranked) span")].forEach((name) => {
      Object.assign(name.style, { visibility: "", translate: "" });
      const box = name.getBoundingClientRect();
      const [x, y] = [(box.left + box.right) / 2, (box.top + box.bottom) / 2];
      const away = x < frame.left || x > frame.right || y < frame.top || y > frame.bottom;
      const moves = MOVES.map((move) => held(box, move));
      const by = (touched(box, moves[0], pins) && moves.find((move) => !touched(box, move, [...pins, ...taken]))) || moves[0];
      name.style.translate = by.map((far) => `${far}px`).join(" ");
      if (away || touched(box, by, taken)) name.style.visibility = "hidden";
      else taken.push(name.getBoundingClientRect());
    });
  };

  const names = (packed) => {
    const data = tableOf(packed);
    return kept(lazy((self, map) => {
      pane(map, "jxnames", 425);
      map.getPane("jxnames").style.pointerEvents = "none";
      path(data.steps, data.origin).forEach((at, row) => {
        const text = document.createElement("span");
        text.textContent = data.names[row];
        const icon = L.divIcon({ html: text, className: `jx-name${data.ranked ? " jx-ranked" : ""}`, iconSize: [0, 0] });
        self.addLayer(L.marker(at, { icon, pane: "jxnames", interactive: false, keyboard: false }));
      });
      self.on("add remove", () => declutter(map));
      map.on("moveend resize", () => declutter(map));
    }), data, (row) => path(data.steps, data.origin)[row], () => names(packed));
  };

  // A list of ranked places, one list a layer: it follows the layer that is shown, beside it that which it is compared with,
  // and a click goes to the place.
  const list = (map, position, lists) => {
    const control = L.control({ position });
    control.onAdd = () => {
      const box = L.DomUtil.create("div", "jx-box jx-list");
      L.DomEvent.disableClickPropagation(box).disableScrollPropagation(box);
      return box;
    };
    control.addTo(map);
    const frame = control.getContainer();
    const box = element("details", frame);
    box.open = window.innerWidth >= 700;
    map.jxLists = [...(map.jxLists ?? []), ...lists];
    const fill = (shown, within) => {
      element("h2", within, shown.heading);
      const rows = element("ol", box);
      shown.rows.forEach(([rank, name, note, south, west, north, east]) => {
        const button = element("button", element("li", rows));
        button.type = "button";
        element("i", button, String(rank));
        element("span", button, name);
        element("em", button, note);
        button.addEventListener("click", () => map.fire("jxlist", { name, layer: shown.layer, box: [[south, west], [north, east]], from: button }));
      });
      if (shown.note) element("p", box, shown.note);
    };
    const refresh = () => {
      const sides = [(layer) => map.hasLayer(layer), (layer) => layer === map.jxBeside];
      const shown = sides.map((side) => lists.find((entry) => side(entry.layer) && (entry.rows.length || entry.note))).filter(Boolean);
      box.replaceChildren();
      frame.style.display = shown.length ? "" : "none";
      shown.forEach((entry, k) => fill(entry, k ? box : element("summary", box)));
    };
    map.on("layeradd layerremove", ({ layer }) => lists.some((entry) => entry.layer === layer) && refresh());
    map.on("jxbeside", refresh);
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
  const svg = (tag, parent, attributes) => {
    const node = parent.appendChild(document.createElementNS("http://www.w3.org/2000/svg", tag));
    Object.entries(attributes).forEach(([name, value]) => node.setAttribute(name, value));
    return node;
  };
  // The signs of what a layer draws, each look once.
  const signs = (layer, found = new Map()) => {
    const { options } = layer;
    if (layer.eachLayer) layer.eachLayer((one) => signs(one, found));
    else if (layer instanceof L.Path) {
      const look = {
        fill: options.fill ? options.fillColor || options.color : "none", "fill-opacity": options.fillOpacity,
        stroke: options.stroke ? options.color : "none", "stroke-opacity": options.opacity,
        "stroke-width": Math.min(options.weight, 3), "stroke-dasharray": options.dashArray || "none",
      };
      const round = layer instanceof L.CircleMarker && !(layer instanceof L.Circle);
      const open = !(layer instanceof L.Polygon || layer instanceof L.CircleMarker);
      const [tag, form] = round ? ["circle", { cx: 11, cy: 8, r: 5 }]
        : open ? ["path", { d: "M1 8H21" }] : ["rect", { x: 2, y: 2, width: 18, height: 12, rx: 2 }];
      found.set(tag + JSON.stringify(look), [tag, { ...form, ...look }]);
    } else if (layer instanceof L.Marker) {
      const icon = options.icon.options;
      if (icon.jxColour || !icon.iconUrl) found.set(icon.jxColour, ["circle", { cx: 11, cy: 8, r: 7, fill: icon.jxColour || "#5c6b78" }]);
      else found.set(icon.iconUrl, ["image", { href: icon.iconUrl, x: 6, y: 0, width: 10, height: 16 }]);
    }
    return found;
  };
  const words = (html) => new DOMParser().parseFromString(html, "text/html").body.textContent;
  // Five looks are as many as a line of the legend has room for.
  const addedLine = (list, layer, name) => {
    const looks = [...signs(layer).values()].slice(0, 5);
    if (!looks.length) return;
    const line = element("li", list);
    looks.forEach(([tag, attributes]) => svg(tag, svg("svg", line, { width: 22, height: 16 }), attributes));
    element("span", line, words(name));
  };
  // Layers that were added to the finished map, and are explained by no section, are shown as they look.
  const legend = (map, html, summary, layers, added) => {
    const control = box(map, "bottomright", "", "jx-legend");
    const details = element("details", control.getContainer());
    details.open = window.innerWidth >= 700;
    element("summary", details, summary);
    control.getContainer().tabIndex = 0;
    control.getContainer().setAttribute("role", "region");
    control.getContainer().setAttribute("aria-label", summary);
    element("div", details).innerHTML = html;
    const others = element("ul", details);
    // A layer that stands beside the others on the right of a divider is seen as they are.
    const seen = (layer) => map.hasLayer(layer) || map.jxBeside === layer;
    const refresh = () => {
      const told = new Set();
      details.querySelectorAll("[data-section]").forEach((part, at) => {
        // Layers side by side that are explained alike are explained once.
        const shown = (!layers[at].length || layers[at].some(seen)) && !told.has(part.innerHTML);
        part.style.display = shown ? "" : "none";
        if (shown) told.add(part.innerHTML);
      });
      others.replaceChildren();
      added.filter(([layer]) => map.hasLayer(layer)).forEach(([layer, name]) => addedLine(others, layer, name));
    };
    const known = new Set([...layers.flat(), ...added.map(([layer]) => layer)]);
    map.on("layeradd layerremove", ({ layer }) => known.has(layer) && refresh()).on("jxbeside", refresh);
    refresh();
    return control;
  };
  // A name is HTML, as Leaflet reads it; jxgis writes its own names escaped. Of layers that exclude one another the first
  // is shown, whatever was added after it. Tiles are a ground for all of them.
  const layerSwitch = (map, layers, label) => {
    map.jxEntries = layers;
    const control = L.control.layers({}, {}, { collapsed: window.innerWidth < 700, autoZIndex: false });
    const tiles = layers.map(([layer]) => layer).filter((layer) => layer instanceof L.GridLayer);
    const bases = layers.filter(([layer, , overlay]) => !overlay && !tiles.includes(layer));
    bases.filter(([layer]) => map.hasLayer(layer)).slice(1).forEach(([layer]) => map.removeLayer(layer));
    const many = bases.filter(([, , , under]) => under);
    layers.forEach(([layer, name, overlay, under]) => {
      if (overlay || tiles.includes(layer)) control.addOverlay(layer, name);
      else if (!under) control.addBaseLayer(layer, name);
    });
    if (tiles.length) showGround(map, tiles);
    control.addTo(map);
    const toggle = control.getContainer().querySelector(".leaflet-control-layers-toggle");
    toggle.title = label;
    toggle.setAttribute("aria-label", label);
    const form = control.getContainer().querySelector(".leaflet-control-layers-list");
    form.setAttribute("role", "group");
    form.setAttribute("aria-label", label);
    if (many.length) {
      const choice = layerChoice(map, many, bases, label);
      choice.setAttribute("aria-label", label);
      control.getContainer().querySelector(".leaflet-control-layers-list").prepend(choice);
      // Another layer of the switch is seen in its place: the list says what it is of.
      map.on("baselayerchange", ({ layer }) => many.some(([one]) => one === layer) || many.forEach(([one]) => one.remove()));
      // A narrow screen has the list folded away: there the title says which of them is seen.
      const now = element("p", null);
      now.className = "jx-now";
      map.getContainer().querySelector(".jx-title > h1")?.after(now);
      const tell = () => {
        const at = many.findIndex(([one]) => map.hasLayer(one));
        choice.selectedIndex = at < 0 ? many.length : at;
        now.textContent = at < 0 ? "" : choice.selectedOptions[0].textContent;
      };
      map.on("layeradd layerremove", tell);
      tell();
    }
    // The legend below it leaves it its room.
    map.getContainer().style.setProperty("--jx-switch", `${control.getContainer().offsetHeight}px`);
    return control;
  };
  // Layers that exclude one another in a list that opens, under headings: one line, where buttons would cover the legend.
  const layerChoice = (map, many, bases, label) => {
    const choice = document.createElement("select");
    choice.className = "jx-choice";
    let heading, group;
    many.forEach(([layer, name, , under]) => {
      if (under !== heading) {
        heading = under;
        group = element("optgroup", choice);
        group.label = under;
      }
      // A name is written as HTML elsewhere: here it is text.
      const words = document.createElement("textarea");
      words.innerHTML = name;
      const option = element("option", group, words.value);
      option.selected = map.hasLayer(layer);
    });
    element("option", choice, `${label} …`).hidden = true;
    L.DomEvent.disableClickPropagation(choice);
    choice.addEventListener("change", () => {
      const [chosen] = many[choice.selectedIndex];
      bases.filter(([layer]) => layer !== chosen).forEach(([layer]) => layer.remove());
      chosen.addTo(map);
      map.fire("baselayerchange", { layer: chosen });
    });
    return choice;
  };
  // While tiles are seen, the ground of our own is not, and fills let them through.
  const showGround = (map, tiles) => {
    L.control.attribution({ prefix: false }).addTo(map);
    const refresh = () => {
      const seen = tiles.some((layer) => map.hasLayer(layer));
      map.getContainer().classList.toggle("jx-over-tiles", seen);
    };
    map.on("layeradd layerremove", ({ layer }) => tiles.includes(layer) && refresh());
    refresh();
  };
  const home = (map, bounds, [label, closer, farther]) => {
    const room = () => {
      const { x: width, y: height } = map.getSize();
      const box = L.latLngBounds(bounds);
      const bottom = map.getContainer().classList.contains("jx-timed") ? 64 : 0;
      if (width < 1000) return { paddingTopLeft: [0, 0], paddingBottomRight: [0, bottom] };
      const drawn = (zoom) => map.project(box.getSouthEast(), zoom).subtract(map.project(box.getNorthWest(), zoom));
      // A wide city would lie below the legend and the switch: it is moved to the left by no more than it takes; where that is
      // not enough, it is drawn smaller.
      const right = Math.min(320, Math.max(0, drawn(map.getBoundsZoom(box)).x + 620 - width));
      const left = right ? 10 : 0;
      // So is one of which a corner would lie below the title, to the bottom.
      const title = map.getContainer().querySelector(".jx-title");
      const [wide, high] = [title.offsetWidth + 20, title.offsetHeight + 20];
      const covered = (down) => {
        const zoom = map.getBoundsZoom(box, false, L.point(left + right, down + bottom));
        const middle = map.project(box.getSouthWest(), zoom).add(map.project(box.getNorthEast(), zoom)).divideBy(2);
        const moved = L.point((width + left - right) / 2, (height + down - bottom) / 2).subtract(middle);
        return map.jxLand?.some((at) => {
          const { x, y } = map.project(at, zoom).add(moved);
          return x < wide && y < high;
        });
      };
      let top = 0;
      while (top < high && covered(top)) top += 10;
      return { paddingTopLeft: [left, top], paddingBottomRight: [right, bottom] };
    };
    let fitted;
    const remember = () => { fitted = { centre: map.getCenter(), zoom: map.getZoom() }; };
    const unmoved = () => fitted?.zoom === map.getZoom() && map.project(fitted.centre).distanceTo(map.project(map.getCenter())) < 3;
    const fit = (how) => map.once("moveend", remember).fitBounds(bounds, { ...how, ...room() });
    fit({ animate: false });
    // A window of another size, or one with tools in its title or a slider below, shows the whole again, unless the reader has gone elsewhere.
    map.on("resize jxtimed jxtitled", () => unmoved() && !document.documentElement.classList.contains("jx-paper") && fit({ animate: false }));
    map.setMaxBounds(L.latLngBounds(bounds).pad(1.5));
    map.jxHome = L.latLngBounds(bounds);
    jxgis.paper(map);
    const zoom = L.control.zoom({ position: "topleft", zoomInTitle: closer, zoomOutTitle: farther }).addTo(map);
    const button = element("a", zoom.getContainer(), "⌂");
    button.className = "jx-home";
    button.href = "#";
    button.title = label;
    button.setAttribute("role", "button");
    button.setAttribute("aria-label", label);
    L.DomEvent.on(button, "click", L.DomEvent.stop).on(button, "click", () => fit());
  };

  const parts = { element, cell, format, card, words, made, pane, kept, lazy, tableOf, tooltip, canvasOf, unpack };
  return { parts, shapes, basemap, polygons, lines, points, picture, names, list, box, legend, layerSwitch, home };
})();
