// A layer that goes through time: areas coloured by class, one period after the other, with a slider to go by.
Object.assign(jxgis, (() => {
  "use strict";
  const { element, kept, lazy, tableOf, tooltip, canvasOf, unpack } = jxgis.parts;

  const periods = (shapes, data) => {
    Object.assign(data, tableOf(data), { shape: unpack(data.shape) });
    const outline = (row) => shapes.outline(data.shape[row]);
    const classOf = (row) => parseInt(data.classes[row][data.now], 36);
    data.now ??= data.periods.length - 1;
    data.style ??= data.shape.map(() => 0);
    // What a card says of a square is that of the period that is shown.
    const tell = () => { data.columns = [data.shape.map(() => data.periods[data.now]), data.shape.map((_, row) => data.labels[classOf(row)])]; };
    const paint = (group) => group.eachLayer((layer) => layer.setStyle({ stroke: true, ...data.styles[classOf(layer.jxRow)] }));
    const group = lazy((self, map) => {
      data.shape.forEach((_, row) => {
        const layer = L.polygon(outline(row), { renderer: canvasOf(map), stroke: true, ...data.styles[classOf(row)] });
        layer.jxRow = row;
        self.addLayer(layer);
      });
      tooltip(self, data);
    });
    group.jxLevel = data.level;
    group.jxPaint = () => paint(group);
    tell();
    data.tell = tell;
    return kept(group, data, outline, () => periods(shapes, data));
  };

  // The slider, seen while such a layer is. It moves the layer of the switch and what stands for it beside.
  const slider = ({ map, say, own }) => {
    const group = own.find((one) => one.jxData.periods);
    if (!group) return;
    const { jxData: data } = group;
    const { says } = data;
    const container = map.getContainer();
    const box = element("div", container);
    box.className = "jx-box jx-periods";
    box.setAttribute("role", "group");
    box.setAttribute("aria-label", says.period);
    const play = element("button", box, "▶");
    play.type = "button";
    const range = element("input", box);
    Object.assign(range, { type: "range", min: 0, max: data.periods.length - 1, step: 1, title: says.period_title });
    range.setAttribute("aria-label", says.period);
    const told = element("output", box);
    L.DomEvent.disableClickPropagation(box).disableScrollPropagation(box);
    let running = 0;
    const words = () => `${data.periods[data.now]} · ${data.told[data.now]}`;
    const set = (at) => {
      if (!Number.isInteger(Number(at))) return;
      data.now = Math.min(data.periods.length - 1, Math.max(0, Number(at)));
      data.tell();
      range.value = data.now;
      range.setAttribute("aria-valuetext", words());
      told.replaceChildren();
      element("b", told, data.periods[data.now]);
      element("span", told, data.told[data.now]);
      map.fire("jxperiod").fire("jxview");
    };
    const stop = () => {
      clearInterval(running);
      running = 0;
      play.textContent = "▶";
      play.setAttribute("aria-label", says.play);
      play.title = says.play;
    };
    const start = () => {
      if (data.now === data.periods.length - 1) set(0);
      running = setInterval(() => {
        set(data.now + 1);
        if (data.now === data.periods.length - 1) stop();
      }, 800);
      play.textContent = "❚❚";
      play.setAttribute("aria-label", says.pause);
      play.title = says.pause;
    };
    play.addEventListener("click", () => {
      if (!running) start();
      else {
        stop();
        say(words());
      }
    });
    range.addEventListener("input", () => {
      stop();
      set(range.value);
    });
    const shown = () => Boolean(map.hasLayer(group) || map.jxBeside?.hasLayer(group));
    const refresh = () => {
      box.style.display = shown() ? "" : "none";
      container.classList.toggle("jx-timed", shown());
      if (!shown()) stop();
      map.fire("jxtimed");
    };
    map.on("layeradd layerremove", ({ layer }) => layer === group && refresh()).on("jxbeside", refresh);
    stop();
    set(data.now);
    refresh();
    map.jxPeriod = { get: () => data.now, set, shown, told: words, layer: group };
  };

  return { periods, slider };
})());
