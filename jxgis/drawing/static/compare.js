// Two layers side by side, a divider between them; and the view as an address that restores it.
Object.assign(jxgis, (() => {
  "use strict";
  const { element, made, canvasOf } = jxgis.parts;

  // The layer on the right stands on a second map over the first, which follows it and is cut off at the divider.
  const compare = ({ map, says, say, tools, entries, bases, own, owners, within, nameOf, isBase, shownBase, views, answer, close }) => {
    const able = bases.filter(([layer]) => within(layer).length);
    if (able.length < 2) return { get: () => null, set: () => {} };
    const container = map.getContainer();
    const { panel, node } = tools.opens("compare");
    const choice = element("select", element("label", panel, says.compare_with));
    choice.className = "jx-choice";
    let right = null, stage = null, other = null, divider = null, chips = [], share = 50, animated = false;

    const offer = () => {
      choice.replaceChildren(new Option(says.compare_none, ""));
      able.forEach((entry, at) => {
        if (entry !== shownBase() || entry === right) choice.append(new Option(nameOf(entry), at, false, entry === right));
      });
    };
    const follow = () => other.setView(map.getCenter(), map.getZoom(), { animate: false });
    const fill = () => other.invalidateSize({ animate: false, pan: false });
    const place = (to) => {
      share = Math.min(98, Math.max(2, to));
      stage.style.clipPath = `inset(0 0 0 ${share}%)`;
      container.style.setProperty("--jx-share", `${share}%`);
      divider.setAttribute("aria-valuenow", Math.round(share));
    };
    const drawRight = () => {
      // A canvas that is taken off while it waits to be drawn is never drawn again.
      other.eachLayer((layer) => layer === canvasOf(other) || layer.remove());
      const before = made.length;
      // What lies below and above the layers that exclude one another is the same on both sides.
      const common = own.filter((group) => map.hasLayer(group) && !isBase(owners.get(group)));
      [...common, ...within(right[0])].forEach((group) => {
        const again = group.jxAgain();
        answer(group, again);
        again.addTo(other);
      });
      map.eachLayer((layer) => layer.jxNamed && layer.jxAgain().addTo(other));
      map.eachLayer((layer) => layer instanceof L.TileLayer && new layer.constructor(layer._url, layer.options).addTo(other));
      made.length = before;
      chips.forEach((chip, k) => { chip.textContent = nameOf(k ? right : shownBase()); });
      map.jxBeside = right[0];
      map.fire("jxbeside");
      map.fire("jxview");
    };
    let waiting = 0;
    const refresh = ({ layer }) => {
      if (!own.includes(layer) && !entries.some(([one]) => one === layer)) return;
      cancelAnimationFrame(waiting);
      waiting = requestAnimationFrame(() => {
        if (!right) return;
        if (shownBase() === right) stop();
        else drawRight();
      });
    };
    const start = (entry) => {
      right = entry;
      close();
      if (!stage) {
        stage = document.createElement("div");
        stage.className = "jx-beside";
        container.insertBefore(stage, map._mapPane.nextSibling);
        other = L.map(stage, {
          zoomControl: false, attributionControl: false, zoomAnimation: false, fadeAnimation: false, keyboard: false, dragging: false, touchZoom: false,
          scrollWheelZoom: false, doubleClickZoom: false, boxZoom: false, zoomSnap: 0, minZoom: map.getMinZoom(), maxZoom: map.getMaxZoom(),
        });
        stage.tabIndex = -1;
        stage.style.setProperty("--jx-fill", container.style.getPropertyValue("--jx-fill") || 1);
        views.push(other);
        animated = map._zoomAnimated;
        map._zoomAnimated = false;
        divider = element("div", container);
        divider.className = "jx-divider";
        divider.tabIndex = 0;
        Object.entries({ role: "slider", "aria-label": says.divider, "aria-valuemin": 2, "aria-valuemax": 98, "aria-orientation": "horizontal" })
          .forEach(([name, value]) => divider.setAttribute(name, value));
        chips = ["left", "right"].map((side) => {
          const chip = element("span", divider);
          chip.className = `jx-chip jx-chip-${side}`;
          return chip;
        });
        L.DomEvent.disableClickPropagation(divider);
        divider.addEventListener("pointerdown", (event) => {
          event.preventDefault();
          divider.setPointerCapture(event.pointerId);
          divider.focus({ preventScroll: true });
        });
        divider.addEventListener("pointermove", (event) => {
          if (!divider.hasPointerCapture(event.pointerId)) return;
          const { left, width } = container.getBoundingClientRect();
          place((100 * (event.clientX - left)) / width);
        });
        divider.addEventListener("pointerup", () => map.fire("jxview"));
        divider.addEventListener("keydown", (event) => {
          const to = { ArrowLeft: share - 2, ArrowRight: share + 2, Home: 2, End: 98, PageDown: share - 10, PageUp: share + 10 }[event.key];
          if (to === undefined) return;
          event.preventDefault();
          event.stopPropagation();
          place(to);
          map.fire("jxview");
        });
        map.on("resize", fill).on("move zoom viewreset resize", follow).on("layeradd layerremove", refresh);
        follow();
        place(50);
      }
      drawRight();
      offer();
      node.setAttribute("aria-pressed", "true");
      say(`${nameOf(shownBase())} | ${nameOf(right)}`);
    };
    const stop = () => {
      if (!stage) return;
      close();
      map.off("resize", fill).off("move zoom viewreset resize", follow).off("layeradd layerremove", refresh);
      map._zoomAnimated = animated;
      views.pop();
      other.remove();
      stage.remove();
      divider.remove();
      stage = other = divider = right = null;
      map.jxBeside = null;
      map.fire("jxbeside");
      offer();
      node.setAttribute("aria-pressed", "false");
      map.fire("jxview");
    };
    choice.addEventListener("change", () => (choice.value ? start(able[choice.value]) : stop()));
    map.on("baselayerchange", offer);
    offer();
    map.jxOther = () => other && { view: other, share, chips: chips.map((chip) => chip.textContent) };
    return {
      get: () => right && [nameOf(right), Math.round(share)],
      set: (name, at) => {
        const entry = able.find((one) => nameOf(one) === name);
        if (!entry || entry === shownBase()) return stop();
        start(entry);
        place(at);
      },
    };
  };

  // The view in the address: centre and zoom, layers, opacity, what is compared and what is marked. Where an address cannot be
  // changed, as in a notebook's frame, there is none and nothing is said.
  const view = ({ map, says, say, tools, entries, nameOf, isBase, shownBase, show, icon }, { beside, picked, open }) => {
    const framed = location.protocol === "about:";
    const overlays = entries.filter((entry) => !isBase(entry));
    const written = () => {
      const { lat, lng } = map.getCenter();
      const found = new URLSearchParams({ at: `${lat.toFixed(5)},${lng.toFixed(5)},${map.getZoom().toFixed(2)}` });
      if (shownBase()) found.set("layer", nameOf(shownBase()));
      overlays.forEach((entry) => found.append(map.hasLayer(entry[0]) ? "with" : "without", nameOf(entry)));
      if (map.jxOpacity.get() < 100) found.set("opacity", map.jxOpacity.get());
      if (map.jxPeriod?.shown()) found.set("period", map.jxPeriod.get());
      if (beside.get()) found.set("beside", beside.get().join("@"));
      if (picked()) found.set("marked", picked());
      return `#${found}`;
    };
    // What moves the map before the address is read is no view of the reader's.
    let last = location.hash, waiting = 0, restoring = true;
    const write = () => {
      if (framed || restoring) return;
      clearTimeout(waiting);
      waiting = setTimeout(() => {
        last = written();
        try { history.replaceState(null, "", last); } catch { /* an address that cannot be changed */ }
      }, 150);
    };
    const restore = () => {
      restoring = false;
      if (framed || location.hash.length < 2) return;
      const asked = new URLSearchParams(location.hash.slice(1));
      const [lat, lng, zoom] = (asked.get("at") ?? "").split(",").map(Number);
      restoring = true;
      const layer = entries.find((entry) => isBase(entry) && nameOf(entry) === asked.get("layer"));
      if (layer) show(layer[0]);
      overlays.forEach((entry) => {
        if (asked.getAll("with").includes(nameOf(entry))) entry[0].addTo(map);
        if (asked.getAll("without").includes(nameOf(entry))) entry[0].remove();
      });
      if (asked.has("opacity")) map.jxOpacity.set(asked.get("opacity"));
      if (asked.has("period")) map.jxPeriod?.set(asked.get("period"));
      if (asked.has("beside")) {
        const [, name, share] = asked.get("beside").match(/^(.*)@(\d+)$/) ?? [];
        beside.set(name, Number(share));
      }
      const seen = () => [lat, lng, zoom].every(Number.isFinite) && Math.abs(lat) <= 90 && Math.abs(lng) <= 180 && map.setView([lat, lng], zoom, { animate: false });
      seen();
      if (asked.has("marked")) open(asked.get("marked"));
      // A card that opens near the edge moves the map: the view is that of the address.
      seen();
      restoring = false;
    };
    map.on("moveend baselayerchange overlayadd overlayremove jxview", write);
    window.addEventListener("hashchange", () => location.hash !== last && restore());
    // In a page that sets two maps side by side: where one goes the other follows. Only a place is told, and taken.
    if (!framed && window.parent !== window) {
      let led = false;
      map.on("moveend", () => {
        const { lat, lng } = map.getCenter();
        if (!led && !restoring) window.parent.postMessage({ jxview: [lat, lng, map.getZoom()] }, "*");
      });
      window.addEventListener("message", ({ source, data }) => {
        if (source !== window.parent || !Array.isArray(data?.jxview) || !data.jxview.every(Number.isFinite)) return;
        const [lat, lng, zoom] = data.jxview;
        led = true;
        map.setView([lat, lng], zoom, { animate: false });
        led = false;
      });
    }
    if (!framed) {
      tools.button("link", async () => {
        const address = location.href.split("#")[0] + written();
        try {
          await navigator.clipboard.writeText(address);
        } catch {
          const held = Object.assign(element("textarea", document.body), { value: address });
          held.select();
          document.execCommand("copy");
          held.remove();
        }
        say(says.copied);
        const told = tools.bar.querySelector(".jx-tool-link span");
        told.textContent = says.copied_short;
        setTimeout(() => { told.textContent = says.link; }, 2000);
      });
    }
    return { restore };
  };

  return { compare, view };
})());
