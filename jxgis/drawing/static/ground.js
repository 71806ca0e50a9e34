// What lies under the layers of a map, and the streets and names over their fills: the more, the nearer one looks.
Object.assign(jxgis, (() => {
  "use strict";
  const { unpack } = jxgis.parts;
  const PER_DEGREE = 1e5;
  // From which zoom streets of an order are drawn and named; their width in pixels at zoom 14 and at most.
  const DRAWN = [0, 12, 13.5];
  const NAMED = [12.5, 14, 15];
  const WIDTH = [[2, 6], [1.3, 4.5], [0.8, 3]];
  // From which zoom names of a kind are written, in the order in which they find their places.
  const KINDS = { places: 11.5, towns: 12.5, waters: 11, streets: 0, parks: 14 };
  const SIZE = { places: 12, towns: 12, waters: 12, parks: 11, streets: 11 };
  const GAP = 4, STEP = 16, STRAIGHT = 0.96, MOST = 140;
  const CHINESE = /^\p{Script=Han}+$/u;

  const pane = (map, name, zIndex) => {
    if (!map.getPane(name)) {
      Object.assign(map.createPane(name).style, { zIndex, pointerEvents: "none" });
      map.getPane(name).setAttribute("aria-hidden", "true");
    }
    return name;
  };
  const path = (packed) => {
    const steps = unpack(packed);
    const points = [];
    let x = 0, y = 0;
    for (let i = 0; i < steps.length; i += 2) {
      x += steps[i];
      y += steps[i + 1];
      points.push([y / PER_DEGREE, x / PER_DEGREE]);
    }
    return points;
  };

  // --- areas and lines
  const areas = (map, { colours, ...data }) => {
    const renderer = L.canvas({ pane: pane(map, "jxland", 390), padding: 0.3 });
    const look = { renderer, pane: "jxland", stroke: false, interactive: false, fillOpacity: 1 };
    const land = data.land.map(path);
    const outline = land.flat();
    // Some of its points, which say where it lies: all of a long coast would take their time.
    map.jxLand = outline.filter((_, at) => at % Math.ceil(outline.length / 500) === 0);
    const found = [["land", land], ["park", data.parks.map(path)], ["water", data.waters.map(path)]]
      .filter(([, rings]) => rings.length)
      .map(([key, rings]) => L.polygon(rings, { ...look, fillColor: colours[key] }));
    if (land.length) {
      // What lies outside the land is not drawn as if it lay inside.
      const all = L.latLngBounds(land.flat()).pad(3);
      const frame = [all.getSouthWest(), all.getNorthWest(), all.getNorthEast(), all.getSouthEast()];
      found.push(L.polygon([frame, ...land], { ...look, fillColor: colours.away, fillOpacity: 0.65 }));
    }
    return found;
  };
  const streetsOf = (map, { colours, streets, towns }) => {
    const renderer = L.canvas({ pane: pane(map, "jxstreets", 406), padding: 0.3 });
    const look = { renderer, pane: "jxstreets", interactive: false, lineJoin: "round" };
    const town = L.polyline(towns.map(path), { ...look, color: colours.town, weight: 0.8, dashArray: "4 3", opacity: 0.7 });
    const drawn = [...streets].reverse().map(({ order, paths }) => {
      const lines = paths.flat().map(path);
      const halo = L.polyline(lines, { ...look, color: colours.halo, opacity: 0.6 });
      return { order, halo, line: L.polyline(lines, { ...look, color: colours.street }) };
    });
    const group = L.layerGroup();
    const refresh = () => {
      const zoom = map.getZoom();
      const put = (layer, there) => (there ? group.addLayer(layer) : group.removeLayer(layer));
      put(town, towns.length && zoom >= 12);
      drawn.forEach(({ order, halo, line }) => {
        const [at14, most] = WIDTH[order];
        const weight = Math.min(most, at14 * 2 ** ((zoom - 14) / 2));
        halo.setStyle({ weight: weight + 2 });
        line.setStyle({ weight, opacity: zoom < 13 ? 0.55 : 0.85 });
        put(halo, zoom >= 13 && zoom >= DRAWN[order]);
        put(line, zoom >= DRAWN[order]);
      });
    };
    map.on("zoomend", refresh);
    refresh();
    return [group];
  };

  // --- names
  const pen = document.createElement("canvas").getContext("2d");
  const corners = (x, y, width, height, angle) => {
    const [c, s] = [Math.cos(angle) / 2, Math.sin(angle) / 2];
    return [[1, 1], [1, -1], [-1, -1], [-1, 1]].map(([a, b]) => [x + a * width * c - b * height * s, y + a * width * s + b * height * c]);
  };
  // Two rectangles overlap unless a side of one of them parts them.
  const apart = (one, other) => [one, other].some((box) => [0, 1].some((k) => {
    const axis = [box[k + 1][1] - box[k][1], box[k][0] - box[k + 1][0]];
    const reach = (points) => points.map(([x, y]) => x * axis[0] + y * axis[1]);
    const [a, b] = [reach(one), reach(other)];
    return Math.max(...a) < Math.min(...b) || Math.max(...b) < Math.min(...a);
  }));
  const rectangle = ({ left, top, right, bottom }) => [[right, bottom], [right, top], [left, top], [left, bottom]];

  // Straight stretches of a line as long as a name, those in its middle first.
  const stretches = function* (points, length) {
    const along = [0];
    for (let i = 1; i < points.length; i++) along.push(along[i - 1] + Math.hypot(points[i].x - points[i - 1].x, points[i].y - points[i - 1].y));
    const whole = along.at(-1);
    const at = (s) => {
      let i = 1;
      while (i < along.length - 1 && along[i] < s) i++;
      const part = (s - along[i - 1]) / (along[i] - along[i - 1] || 1);
      return [points[i - 1].x + part * (points[i].x - points[i - 1].x), points[i - 1].y + part * (points[i].y - points[i - 1].y)];
    };
    const middle = (whole - length) / 2;
    for (let off = 0; off <= middle; off += STEP) {
      for (const start of off ? [middle - off, middle + off] : [middle]) {
        const [[ax, ay], [bx, by]] = [at(start), at(start + length)];
        if (Math.hypot(bx - ax, by - ay) >= STRAIGHT * length) {
          const angle = Math.atan2(by - ay, bx - ax);
          // Read from the left, or from below.
          yield [(ax + bx) / 2, (ay + by) / 2, angle > Math.PI / 2 ? angle - Math.PI : angle <= -Math.PI / 2 ? angle + Math.PI : angle];
        }
      }
    }
  };

  const namesOf = (map, { colours, names, streets }) => {
    pane(map, "jxlabels", 424);
    const group = L.layerGroup();
    const colour = { waters: colours.river, parks: colours.leaf };
    const lines = streets.flatMap(({ order, names: called, paths }) =>
      paths.flatMap((parts, k) => (called[k] ? parts.map((steps) => ({ order, name: called[k], points: path(steps) })) : [])));
    lines.forEach((line) => { line.bounds = L.latLngBounds(line.points); });
    const font = getComputedStyle(map.getContainer()).fontFamily;
    const widths = new Map();
    const width = (name, size) => {
      const key = `${size} ${name}`;
      if (!widths.has(key)) {
        pen.font = `${size}px ${font}`;
        widths.set(key, pen.measureText(name).width);
      }
      return widths.get(key);
    };

    const place = () => {
      // A map that was taken away in the meantime.
      if (!map._mapPane) return;
      const [frame, zoom, view] = [map.getContainer().getBoundingClientRect(), map.getZoom(), map.getSize()];
      const taken = [...map.getContainer().querySelectorAll(".jx-pin, .jx-name span, .leaflet-control")]
        .filter((node) => node.style.visibility !== "hidden")
        .map((node) => node.getBoundingClientRect())
        .filter((box) => box.width)
        .map((box) => rectangle({ left: box.left - frame.left, right: box.right - frame.left, top: box.top - frame.top, bottom: box.bottom - frame.top }));
      const made = [];
      const write = (kind, name, x, y, angle = 0) => {
        const size = SIZE[kind];
        const box = corners(x, y, width(name, size) + 2 * GAP, size + 2 * GAP, angle);
        if (made.length >= MOST || box.some(([a, b]) => a < 0 || b < 0 || a > view.x || b > view.y)) return false;
        if (!taken.every((other) => apart(box, other))) return false;
        taken.push(box);
        made.push([kind, name, x, y, angle]);
        return true;
      };
      const metres = 40075016.686 * Math.cos((map.getCenter().lat * Math.PI) / 180) / 2 ** (zoom + 8);
      const said = new Set([...map.getContainer().querySelectorAll(".jx-name span")].map((node) => node.textContent));
      const points = (kind) => names.filter((row) => row[0] === kind).forEach(([, name, x, y, room]) => {
        const at = map.latLngToContainerPoint([y / PER_DEGREE, x / PER_DEGREE]);
        if (said.has(name) || at.x < 0 || at.y < 0 || at.x > view.x || at.y > view.y) return;
        const fits = kind === "places" || (2 * room) / metres > 0.6 * width(name, SIZE[kind]);
        if (fits && write(kind, name, at.x, at.y)) said.add(name);
      });
      const along = () => {
        const seen = map.getBounds();
        lines.filter(({ order, bounds }) => zoom >= NAMED[order] && seen.intersects(bounds)).forEach(({ name, points: all }) => {
          if (said.has(name)) return;
          const course = all.map((at) => map.latLngToContainerPoint(at));
          for (const [x, y, angle] of stretches(course, width(name, SIZE.streets) + 2 * GAP)) {
            if (write("streets", name, x, y, angle)) {
              said.add(name);
              return;
            }
          }
        });
      };
      Object.entries(KINDS).forEach(([kind, from]) => zoom >= from && (kind === "streets" ? along() : points(kind)));
      group.clearLayers();
      made.forEach(([kind, name, x, y, angle]) => {
        const span = document.createElement("span");
        span.textContent = name;
        // Along a steep street Chinese signs stand one below the other.
        const stacked = Math.abs(angle) > Math.PI / 3 && CHINESE.test(name);
        const turn = stacked ? angle - (Math.sign(angle) * Math.PI) / 2 : angle;
        Object.assign(span.style, {
          color: colour[kind] ?? "", fontSize: `${SIZE[kind]}px`, rotate: turn ? `${turn}rad` : "", writingMode: stacked ? "vertical-rl" : "",
        });
        const icon = L.divIcon({ html: span, className: `jx-label jx-label-${kind}`, iconSize: [0, 0] });
        group.addLayer(L.marker(map.containerPointToLatLng([x, y]), { icon, pane: "jxlabels", interactive: false, keyboard: false }));
      });
    };
    let waiting = 0;
    const later = () => {
      cancelAnimationFrame(waiting);
      waiting = requestAnimationFrame(place);
    };
    map.on("moveend zoomend resize", later).on("jxpaper", place);
    map.on("layeradd layerremove", ({ layer }) => layer.options?.pane === "jxlabels" || later());
    later();
    return [group];
  };

  // What has a name, by kind: `place(row)` is where it lies.
  const named = ({ names, streets }) => {
    const points = Object.keys(KINDS).filter((kind) => kind !== "streets").map((kind) => {
      const rows = names.filter((row) => row[0] === kind);
      return { kind, names: rows.map((row) => row[1]), place: (k) => [rows[k][3] / PER_DEGREE, rows[k][2] / PER_DEGREE] };
    });
    const lines = streets.map(({ names: called, paths }) => ({ kind: "streets", names: called, place: (k) => paths[k].map(path), open: true }));
    return [...points, ...lines];
  };
  const ground = (data) => {
    const group = L.layerGroup();
    group.onAdd = (map) => {
      if (!group.getLayers().length) [...areas(map, data), ...streetsOf(map, data), ...namesOf(map, data)].forEach((layer) => group.addLayer(layer));
      L.LayerGroup.prototype.onAdd.call(group, map);
    };
    return Object.assign(group, { jxAgain: () => ground(data), jxNamed: () => named(data) });
  };
  return { ground };
})());
