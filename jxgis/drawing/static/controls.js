// What a reader of a map can do: ask what lies where, search, compare two layers, hand on a view, take a picture.
Object.assign(jxgis, (() => {
  "use strict";
  const { element, cell, format, card, words, made, pane } = jxgis.parts;
  const NARROW = 700;
  const narrow = () => window.innerWidth < NARROW;
  const flat = (points) => (typeof points[0] === "number" ? [points] : points.flatMap(flat));
  const boxOf = (points) => L.latLngBounds(flat(points));
  const fill = (said, values) => said.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  const folded = (text) => String(text).normalize("NFKC").toLowerCase().replace(/\s+/g, "");
  const icon = (form) => {
    const drawn = element("i");
    drawn.className = "jx-icon";
    drawn.setAttribute("aria-hidden", "true");
    const svg = drawn.appendChild(document.createElementNS("http://www.w3.org/2000/svg", "svg"));
    svg.setAttribute("viewBox", "0 0 16 16");
    svg.appendChild(document.createElementNS("http://www.w3.org/2000/svg", "path")).setAttribute("d", form);
    return drawn;
  };
  const ICONS = {
    opacity: "M8 1.5a6.5 6.5 0 1 0 0 13zM8 1.5a6.5 6.5 0 0 1 0 13",
    compare: "M8 1v14M2 3h4v10H2zM10 3h4v10h-4z",
    link: "M6.5 9.5l3-3M7 4.5l1.5-1.500a2.800 2.800 0 0 1 4 4L11 8.500M9 11.500l-1.500 1.500a2.800 2.800 0 0 1-4-4L5 7.500",
    picture: "M8 1.500v9M4.500 7.500L8 11l3.500-3.500M2 14h12",
    search: "M7 2a5 5 0 1 0 0 10A5 5 0 0 0 7 2M10.700 10.700L14.500 14.500",
  };

  const controls = (map, says) => {
    const container = map.getContainer();
    const entries = map.jxEntries ?? [];
    const own = [...made];
    // Streets, waters, places and parks of the ground, which are not layers of the switch.
    const grounds = [];
    map.eachLayer((layer) => layer.jxNamed?.().forEach(({ kind, names, place, open }) => {
      grounds.push({ jxData: { names, paths: open, style: names.map(() => 0) }, jxPlace: place, jxKind: says[`of_${kind}`] });
    }));
    container.setAttribute("role", "main");
    container.setAttribute("aria-label", document.title);
    // What is read and reached first stands first: the title and its tools, then the map and its pins.
    container.insertBefore(map._controlContainer, map._mapPane);
    const status = element("div", container);
    status.className = "jx-said";
    status.setAttribute("role", "status");
    const say = (text) => { status.textContent = text; };

    // --- layers: which entry of the switch a group belongs to, and how that is shown
    const within = (layer) => (own.includes(layer) ? [layer] : (layer.getLayers?.() ?? []).flatMap(within));
    const bases = entries.filter(([layer, , overlay]) => !overlay && !(layer instanceof L.GridLayer));
    const owners = new Map(entries.flatMap((entry) => within(entry[0]).map((group) => [group, entry])));
    const owned = (group) => owners.get(group)?.[0] ?? group;
    const nameOf = (entry) => (entry ? words(entry[1]) : "");
    const kindOf = (group) => group.jxKind ?? nameOf(owners.get(group));
    const isBase = (entry) => bases.includes(entry);
    const shownBase = () => bases.find(([layer]) => map.hasLayer(layer));
    const show = (layer) => {
      if (map.hasLayer(layer)) return;
      const base = bases.some(([one]) => one === layer);
      if (base) bases.forEach(([one]) => one !== layer && one.remove());
      layer.addTo(map);
      if (base) map.fire("baselayerchange", { layer });
    };
    const headingOf = (group, row) => {
      const { heading, names } = group.jxData;
      return (heading && cell(heading, row)) || names?.[row] || nameOf(owners.get(group));
    };
    const keyOf = (group, row) => {
      const [lat, lng] = flat(group.jxPlace(row))[0];
      return `${headingOf(group, row)}@${lat.toFixed(4)},${lng.toFixed(4)}`;
    };
    const answers = (group) => group.jxPlace && (group.jxData.heading || group.jxData.fields?.length || group.jxData.names);
    const rowsOf = (group) => (group.jxData.style ?? group.jxData.names).keys();

    // --- what is marked, and its card
    const views = [map];
    let picked = null;
    const paneOf = (view) => pane(view, "jxmark", 440);
    const mark = (draw) => views.map((view) => {
      const group = L.featureGroup([], { pane: paneOf(view) });
      const renderer = L.svg({ pane: paneOf(view), padding: 0.3 });
      [["#ffffff", 7], ["#111a22", 3]].forEach(([color, weight]) => draw({ color, weight, opacity: 1, fill: false, interactive: false, pane: paneOf(view), renderer })
        .forEach((path) => { path.jxRow = -1; group.addLayer(path); }));
      return group.addTo(view);
    });
    const outlines = (group, row, radius) => (look) => {
      const points = group.jxPlace(row);
      if (typeof points[0] === "number") return [L.circleMarker(points, { ...look, radius })];
      return [group.jxData.paths ? L.polyline(points, look) : L.polygon(points, look)];
    };
    const radiusOf = (group, row) => {
      const style = group.jxData.styles?.[group.jxData.style[row]];
      return style ? (group.jxData.pins ? style.size / 2 : style.radius) + 4 : 16;
    };
    const close = () => {
      if (!picked) return;
      picked.marks.forEach((group) => group.remove());
      // At once: while it faded, there would be two cards.
      const faded = picked.popup?.getElement();
      picked.popup?.remove();
      faded?.remove();
      picked.sheet?.remove();
      const { from } = picked;
      picked = null;
      container.classList.remove("jx-asked");
      if (from?.isConnected) from.focus({ preventScroll: true });
      map.fire("jxview");
    };
    const cardOf = (heading, of, body, id, link) => {
      const node = element("section");
      node.className = "jx-card";
      node.tabIndex = -1;
      node.setAttribute("aria-label", heading);
      const shut = element("button", node, "×");
      shut.type = "button";
      shut.className = "jx-close";
      shut.setAttribute("aria-label", says.close);
      shut.addEventListener("click", close);
      element("h2", node, heading);
      if (of && of !== heading) element("p", node, of).className = "jx-of";
      // Above the table, which may be longer than the window. A map inside a notebook has no files beside it.
      if (link && location.protocol !== "about:") node.append(Object.assign(element("a", null, link[0]), { href: link[1], target: "_blank" }));
      if (body) node.append(body);
      if (id) element("p", node, id).className = "jx-id";
      L.DomEvent.disableClickPropagation(node).disableScrollPropagation(node);
      return node;
    };
    // Where nothing of the page lies over the map.
    const room = () => {
      const { x: width, y: height } = map.getSize();
      if (narrow() || width < 1000) return { paddingTopLeft: [20, 20], paddingBottomRight: [20, 20] };
      const top = container.querySelector(".jx-title")?.offsetHeight ?? 0;
      return { paddingTopLeft: [310, height > 560 ? top + 20 : 20], paddingBottomRight: [310, 30] };
    };
    const pin = (node, { marks, at, from, focus, lift = 0, ...what }) => {
      const before = from ?? (focus ? picked?.from : null);
      if (picked) picked.from = null;
      close();
      picked = { ...what, marks, at, from: before };
      container.classList.add("jx-asked");
      if (narrow() || views.length > 1) {
        picked.sheet = container.appendChild(node);
        node.classList.add("jx-sheet");
      } else {
        const { paddingTopLeft, paddingBottomRight } = room();
        picked.popup = L.popup({
          className: "jx-asks", closeButton: false, autoClose: false, closeOnClick: false, minWidth: 180, maxWidth: 380, offset: [0, 4 - lift],
          maxHeight: Math.max(160, Math.min(420, map.getSize().y - 150)), autoPanPaddingTopLeft: paddingTopLeft, autoPanPaddingBottomRight: paddingBottomRight,
        }).setLatLng(at).setContent(node).addTo(map);
      }
      if (focus) node.focus({ preventScroll: true });
      map.fire("jxview");
    };
    const pick = (group, row, { at, from, focus = false } = {}) => {
      const { jxData: data } = group;
      const of = kindOf(group);
      const heading = String(headingOf(group, row));
      const body = data.fields?.length ? card({ ...data, heading: null }, row) : null;
      const href = data.link && cell(data.link.column, row);
      const node = cardOf(heading, of, body, data.id ? cell(data.id, row) : null, href ? [data.link.label, href] : null);
      const radius = radiusOf(group, row);
      const points = group.jxPlace(row);
      // On the line itself, and in the middle of an area.
      const middle = () => {
        const course = data.paths && points.reduce((a, b) => (b.length > a.length ? b : a));
        return course ? course[course.length >> 1] : boxOf(points).getCenter();
      };
      const dot = typeof points[0] === "number";
      pin(node, {
        group, row, key: keyOf(group, row), marks: mark(outlines(group, row, radius)), at: dot ? points : at ?? middle(), from, focus, lift: dot ? radius : 0,
      });
    };
    const answer = (group, asked = group) => {
      if (!answers(group)) return;
      asked.on("click", ({ propagatedFrom, layer = propagatedFrom, latlng, originalEvent }) => {
        if (layer?.jxRow === undefined || map.dragging.moved()) return;
        asked.closeTooltip();
        pick(group, layer.jxRow, { at: latlng, focus: originalEvent?.detail === 0 });
      });
      // What is pinned is not told twice.
      asked.on("tooltipopen", ({ tooltip }) => picked?.group === group && tooltip._source?.jxRow === picked.row && asked.closeTooltip());
      // A pin or an outline says what it is, and answers to the keys as to the mouse; cells are painted, and are searched.
      asked.on("layeradd", ({ layer }) => requestAnimationFrame(() => named(group, layer)));
      asked.on("add", () => requestAnimationFrame(() => asked.eachLayer((layer) => named(group, layer))));
      asked.eachLayer((layer) => named(group, layer));
    };
    const named = (group, layer) => {
      const drawn = layer.getElement?.();
      if (!drawn || !(layer instanceof L.Marker || layer instanceof L.Path) || !layer.options.interactive || drawn.jxNamed) return;
      drawn.jxNamed = true;
      if (layer instanceof L.Path) Object.entries({ role: "button", tabindex: 0 }).forEach(([name, value]) => drawn.setAttribute(name, value));
      const number = drawn.textContent.trim();
      drawn.setAttribute("aria-label", [number, headingOf(group, layer.jxRow)].filter(Boolean).join(" "));
      drawn.addEventListener("keydown", (event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        pick(group, layer.jxRow, { from: drawn, focus: true });
      });
    };
    own.forEach((group) => answer(group));
    // What is told of a square changes with the period.
    map.on("jxperiod", () => {
      views.forEach((view) => view.eachLayer((layer) => layer.jxPaint?.()));
      const told = picked?.group?.jxData.periods && [picked.group, picked.row, { at: picked.at }];
      if (told) pick(...told);
    });
    container.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      if (!tools.shut()) close();
    });

    // --- what has a name on the page: of one that is drawn by several layers the one that is seen tells
    const near = 0.003;
    const meet = (a, b) => a.getSouth() - near <= b.getNorth() && b.getSouth() - near <= a.getNorth()
      && a.getWest() - near <= b.getEast() && b.getWest() - near <= a.getEast();
    let names = null;
    const index = () => {
      if (names) return names;
      names = [];
      const known = new Map();
      const put = (name, box, feature) => {
        const key = folded(name ?? "");
        if (!key) return;
        const same = known.get(key) ?? known.set(key, []).get(key);
        const entry = same.find((one) => meet(one.box, box));
        if (entry) {
          entry.box.extend(box);
          entry.features.push(feature);
          return;
        }
        const made = { key, name: String(name), box: L.latLngBounds(box.getSouthWest(), box.getNorthEast()), features: [feature] };
        same.push(made);
        names.push(made);
      };
      [...own, ...grounds].forEach((group) => {
        const { heading, names: written, searched } = group.jxData;
        if (!group.jxPlace || searched === false || !(heading || written)) return;
        for (const row of rowsOf(group)) {
          put(heading ? cell(heading, row) : written[row], boxOf([group.jxPlace(row)]), { group, row });
        }
      });
      (map.jxLists ?? []).forEach(({ layer, heading, rows }) => rows.forEach(([, name, note, ...sides]) => {
        const [south, west, north, east] = sides;
        put(name, L.latLngBounds([south, west], [north, east]), { layer, heading, note, box: [[south, west], [north, east]] });
      }));
      return names;
    };
    const worth = ({ group, layer }) => (group
      ? 4 * (map.hasLayer(group) || Boolean(group.jxKind)) + 2 * !group.jxData.names + Boolean(group.jxData.pins) + 0.5 * Boolean(group.jxData.fields?.length)
      : 1 + 0.5 * map.hasLayer(layer));
    const best = ({ features }) => features.reduce((a, b) => (worth(b) > worth(a) ? b : a));
    const of = (feature) => (feature.group ? kindOf(feature.group) : feature.heading);
    const find = (wanted) => {
      const asked = folded(wanted);
      if (!asked) return [];
      return index().filter(({ key }) => key.includes(asked))
        .sort((a, b) => !a.key.startsWith(asked) - !b.key.startsWith(asked) || a.key.length - b.key.length || (a.key < b.key ? -1 : 1))
        .slice(0, 12);
    };
    const goTo = (entry, from, feature = best(entry)) => {
      const seen = feature.group ? owned(feature.group) : feature.layer;
      if (!feature.group?.jxKind) show(seen);
      // A name is drawn by one layer in several pieces, as a street is: all of it is gone to.
      map.fitBounds(entry.box, { maxZoom: 15, animate: false, ...room() });
      if (feature.group) pick(feature.group, feature.row, { from, focus: true });
      else {
        const body = element("p", null, feature.note);
        pin(cardOf(entry.name, feature.heading, body), {
          key: `${entry.name}@`, at: entry.box.getCenter(), from, focus: true,
          marks: mark((look) => [L.rectangle(feature.box, { ...look, dashArray: "6 5" })]),
        });
      }
    };
    map.on("jxlist", ({ name, layer, box, from }) => {
      const at = L.latLngBounds(box);
      const entry = index().find((one) => one.name === String(name) && meet(one.box, at));
      if (!entry) return;
      // That of the list's own layer, if it draws it; a pin rather than the area around it.
      const drawn = entry.features.filter(({ group }) => group && map.hasLayer(group) && !group.jxData.names);
      const mine = drawn.filter(({ group }) => owned(group) === layer);
      const listed = entry.features.find((one) => one.layer === layer);
      const pinned = [...mine, ...drawn].find(({ group, row }) => group.jxData.pins && meet(boxOf([group.jxPlace(row)]), at));
      goTo({ ...entry, box: at }, from, pinned ?? mine[0] ?? listed ?? drawn[0]);
    });

    // --- the tools of the title card
    const tools = jxgis.tools(map, says, { find, goTo, of, best, say, icon, ICONS });
    const parts = { map, says, say, tools, entries, bases, own, owners, within, nameOf, isBase, shownBase, show, views, narrow, icon, answer, close };
    jxgis.opacity(parts);
    const beside = jxgis.compare(parts);
    jxgis.slider(parts);
    const view = jxgis.view(parts, {
      beside,
      picked: () => picked?.key,
      open: (key) => {
        const [, name, at] = key.match(/^(.*)@(.*)$/) ?? [];
        const found = [...own.filter(answers), ...grounds].sort((a, b) => map.hasLayer(b) - map.hasLayer(a))
          .flatMap((group) => [...rowsOf(group)].filter((row) => headingOf(group, row) === name).map((row) => ({ group, row })));
        const feature = found.find(({ group, row }) => keyOf(group, row) === key) ?? (at ? null : found[0]);
        const listed = index().find((entry) => entry.name === name);
        if (feature) {
          if (!feature.group.jxKind && !map.hasLayer(feature.group)) show(owned(feature.group));
          pick(feature.group, feature.row);
        } else if (listed && !at) goTo(listed);
      },
    });
    jxgis.takePicture(parts);
    map.fire("jxtitled");
    view.restore();
    return map;
  };

  // The row of tools in the title card: a search box, then a button each.
  const tools = (map, says, { find, goTo, of, best, say, icon, ICONS }) => {
    const container = map.getContainer();
    const title = container.querySelector(".jx-title") ?? container.querySelector(".leaflet-top.leaflet-left");
    const bar = element("div", title);
    bar.className = "jx-tools";
    bar.setAttribute("role", "toolbar");
    bar.setAttribute("aria-label", says.tools);
    const box = element("div", bar);
    box.className = "jx-search";
    box.setAttribute("role", "search");
    box.append(icon(ICONS.search));
    const input = element("input", box);
    const list = element("ul", box);
    const id = `${container.id}-found`;
    Object.assign(input, { type: "text", placeholder: says.search, autocomplete: "off", spellcheck: false });
    Object.entries({ role: "combobox", "aria-label": says.search, "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": id })
      .forEach(([name, value]) => input.setAttribute(name, value));
    Object.assign(list, { id, hidden: true });
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", says.found);
    let found = [], at = -1;
    const move = (to) => {
      at = to;
      [...list.children].forEach((option, k) => option.setAttribute("aria-selected", String(k === at)));
      if (at >= 0) {
        input.setAttribute("aria-activedescendant", list.children[at].id);
        list.children[at].scrollIntoView({ block: "nearest" });
      } else input.removeAttribute("aria-activedescendant");
    };
    const hide = () => {
      list.hidden = true;
      input.setAttribute("aria-expanded", "false");
      move(-1);
    };
    const go = (entry) => {
      hide();
      input.value = entry.name;
      goTo(entry, input);
    };
    const look = () => {
      found = find(input.value);
      list.replaceChildren();
      if (!input.value.trim()) return hide();
      found.forEach((entry, k) => {
        const option = element("li", list);
        option.id = `${id}-${k}`;
        option.setAttribute("role", "option");
        element("b", option, entry.name);
        element("span", option, of(best(entry)));
        option.addEventListener("mousedown", (event) => event.preventDefault());
        option.addEventListener("click", () => go(entry));
      });
      const none = fill(says.none, { name: input.value.trim() });
      if (!found.length) {
        const line = element("li", list, none);
        line.setAttribute("role", "option");
        line.setAttribute("aria-disabled", "true");
        line.id = `${id}-none`;
      }
      say(found.length ? fill(says.n_found, { n: found.length }) : none);
      list.hidden = false;
      input.setAttribute("aria-expanded", "true");
      move(found.length ? 0 : -1);
    };
    input.addEventListener("input", look);
    input.addEventListener("focus", () => input.select());
    input.addEventListener("blur", hide);
    input.addEventListener("keydown", (event) => {
      const last = found.length - 1;
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        if (list.hidden) look();
        else if (found.length) move(event.key === "ArrowDown" ? (at >= last ? 0 : at + 1) : (at <= 0 ? last : at - 1));
      } else if (event.key === "Enter") {
        event.preventDefault();
        if (list.hidden) look();
        if (found[at]) go(found[at]);
      } else if (event.key === "Escape" && !list.hidden) {
        event.stopPropagation();
        hide();
      }
    });

    let open = null;
    const shut = () => {
      if (!open) return false;
      const { button, panel } = open;
      open = null;
      panel.hidden = true;
      button.setAttribute("aria-expanded", "false");
      if (panel.contains(document.activeElement)) button.focus();
      return true;
    };
    const button = (name, pressed) => {
      const node = element("button", bar);
      node.type = "button";
      node.className = `jx-tool jx-tool-${name}`;
      node.title = says[`${name}_title`];
      node.append(icon(ICONS[name]));
      element("span", node, says[name]);
      node.addEventListener("click", pressed);
      return node;
    };
    // A button that opens a panel below the tools.
    const opens = (name) => {
      const panel = element("div", title);
      const node = button(name, () => {
        const was = open?.button === node;
        shut();
        if (was) return;
        open = { button: node, panel };
        panel.hidden = false;
        node.setAttribute("aria-expanded", "true");
        panel.querySelector("input, select, button")?.focus();
      });
      Object.assign(panel, { className: "jx-panel", hidden: true, id: `${container.id}-${name}` });
      panel.setAttribute("role", "group");
      panel.setAttribute("aria-label", says[`${name}_title`]);
      node.setAttribute("aria-expanded", "false");
      node.setAttribute("aria-controls", panel.id);
      return { panel, node };
    };
    return { bar, button, opens, shut };
  };

  // How much of the fills is seen; what lies below them shows through.
  const opacity = ({ map, says, tools, views }) => {
    const { panel } = tools.opens("opacity");
    const label = element("label", panel, says.opacity_of);
    const slider = element("input", label);
    Object.assign(slider, { type: "range", min: 10, max: 100, step: 5, value: 100 });
    const told = element("output", label, "100 %");
    const set = (value) => {
      if (!Number.isFinite(Number(value))) return;
      slider.value = value;
      told.textContent = `${slider.value} %`;
      slider.setAttribute("aria-valuetext", told.textContent);
      views.forEach((view) => view.getContainer().style.setProperty("--jx-fill", slider.value / 100));
      map.fire("jxview");
    };
    slider.addEventListener("input", () => set(slider.value));
    map.jxOpacity = { get: () => Number(slider.value), set };
  };

  return { controls, tools, opacity };
})());
