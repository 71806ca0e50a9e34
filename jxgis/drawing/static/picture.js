// The map as it is seen, as a PNG: with its title, legend, scale and source beside it.
Object.assign(jxgis, (() => {
  "use strict";
  const { element } = jxgis.parts;
  const SCALE = 2;
  const seen = (colour) => colour && colour !== "transparent" && !/^rgba\(.*, 0\)$/.test(colour);

  // --- what Leaflet draws
  const trace = (pen, layer) => {
    pen.beginPath();
    if (layer._point) {
      pen.arc(layer._point.x, layer._point.y, layer._radius, 0, 2 * Math.PI);
      return;
    }
    (layer._parts ?? []).forEach((part) => {
      part.forEach(({ x, y }, k) => (k ? pen.lineTo(x, y) : pen.moveTo(x, y)));
      if (layer instanceof L.Polygon) pen.closePath();
    });
  };
  const drawPath = (pen, layer) => {
    const { fill, fillColor, fillOpacity, color, opacity, weight, stroke, dashArray, lineCap, lineJoin } = layer.options;
    trace(pen, layer);
    if (fill) {
      pen.globalAlpha = fillOpacity;
      pen.fillStyle = fillColor || color;
      pen.fill("evenodd");
    }
    if (stroke && weight) {
      pen.globalAlpha = opacity ?? 1;
      pen.strokeStyle = color;
      pen.lineWidth = weight;
      pen.lineCap = lineCap;
      pen.lineJoin = lineJoin;
      pen.setLineDash(dashArray ? String(dashArray).split(/[ ,]+/).map(Number) : []);
      pen.stroke();
      pen.setLineDash([]);
    }
  };
  const onCanvas = (renderer) => {
    const found = [];
    for (let at = renderer._drawFirst; at; at = at.next) found.push(at.layer);
    return found;
  };
  const before = (a, b) => (a.compareDocumentPosition(b) & Node.DOCUMENT_POSITION_FOLLOWING ? -1 : 1);
  const drawMap = (pen, map) => {
    const panes = Object.values(map.getPanes()).filter((pane) => pane !== map._mapPane && !/popup|tooltip|shadow/.test(pane.className));
    const depth = (pane) => Number(getComputedStyle(pane).zIndex) || 0;
    const leaves = [];
    map.eachLayer((layer) => !layer.eachLayer && leaves.push(layer));
    const { x, y } = map.containerPointToLayerPoint([0, 0]);
    const frame = map.getContainer().getBoundingClientRect();
    panes.sort((a, b) => depth(a) - depth(b)).forEach((pane) => {
      const alpha = Number(getComputedStyle(pane).opacity);
      const here = leaves.filter((layer) => layer.getPane?.() === pane);
      if (!here.length) return;
      // What lets the ground through does so as a whole, not each shape through the one below it.
      const apart = alpha < 1 ? sheetLike(pen) : pen;
      drawPane(apart, map, here, { x, y, frame });
      if (apart === pen) return;
      pen.save();
      pen.resetTransform();
      pen.globalAlpha = alpha;
      pen.drawImage(apart.canvas, 0, 0);
      pen.restore();
    });
  };
  // A canvas as large, for what is put on it as one.
  const sheetLike = (pen) => {
    const made = Object.assign(document.createElement("canvas"), { width: pen.canvas.width, height: pen.canvas.height }).getContext("2d");
    made.setTransform(pen.getTransform());
    return made;
  };
  const drawPane = (pen, map, here, { x, y, frame }) => {
    pen.save();
    pen.translate(-x, -y);
    here.filter((layer) => layer._image).forEach((layer) => {
      const at = map.latLngToLayerPoint(layer.getBounds().getNorthWest());
      const to = map.latLngToLayerPoint(layer.getBounds().getSouthEast());
      pen.globalAlpha = layer.options.opacity ?? 1;
      pen.imageSmoothingEnabled = !layer._image.classList.contains("jx-picture");
      pen.drawImage(layer._image, at.x, at.y, to.x - at.x, to.y - at.y);
    });
    here.filter((layer) => layer instanceof L.Canvas).flatMap(onCanvas).forEach((layer) => drawPath(pen, layer));
    here.filter((layer) => layer._path).sort((a, b) => before(a._path, b._path)).forEach((layer) => drawPath(pen, layer));
    pen.restore();
    here.filter((layer) => layer._icon).sort((a, b) => (a._zIndex ?? 0) - (b._zIndex ?? 0))
      .forEach((layer) => drawNode(pen, layer._icon, frame));
  };

  // --- what the browser has laid out: boxes, text, and the signs of a legend
  const box = (pen, style, { x, y, width, height }) => {
    const round = Math.min(parseFloat(style.borderTopLeftRadius) * (style.borderTopLeftRadius.endsWith("%") ? width / 100 : 1) || 0, width / 2, height / 2);
    const sides = ["Top", "Right", "Bottom", "Left"].map((side) => [parseFloat(style[`border${side}Width`]), style[`border${side}Color`]]);
    const even = sides.every(([weight, colour]) => weight === sides[0][0] && colour === sides[0][1]);
    if (seen(style.backgroundColor)) {
      pen.fillStyle = style.backgroundColor;
      pen.beginPath();
      pen.roundRect(x, y, width, height, round);
      pen.fill();
    }
    if (even && sides[0][0]) {
      const half = sides[0][0] / 2;
      [pen.lineWidth, pen.strokeStyle] = sides[0];
      pen.beginPath();
      pen.roundRect(x + half, y + half, width - 2 * half, height - 2 * half, Math.max(0, round - half));
      pen.stroke();
    } else {
      const [top, right, bottom, left] = sides;
      [[top, x, y, width, top[0]], [right, x + width - right[0], y, right[0], height], [bottom, x, y + height - bottom[0], width, bottom[0]], [left, x, y, left[0], height]]
        .filter(([[weight, colour]]) => weight && seen(colour))
        .forEach(([[, colour], ...side]) => {
          pen.fillStyle = colour;
          pen.fillRect(...side);
        });
    }
  };
  // The text of a node line by line, as it was broken.
  const linesOf = (node) => {
    const range = document.createRange();
    const lines = [];
    [...node.data].reduce((at, sign) => {
      range.setStart(node, at);
      range.setEnd(node, at + sign.length);
      const place = range.getClientRects()[0];
      if (place?.width) {
        const last = lines.at(-1);
        if (last && Math.abs(last.top - place.top) < place.height / 2) last.text += sign;
        else lines.push({ text: sign, left: place.left, top: place.top, height: place.height });
      }
      return at + sign.length;
    }, 0);
    return lines;
  };
  const drawSign = (pen, svg, x, y) => {
    pen.save();
    pen.translate(x, y);
    [...svg.children].forEach((form) => {
      const of = (name, otherwise) => form.getAttribute(name) ?? otherwise;
      const number = (name) => Number(of(name, 0));
      const shape = new Path2D(form.tagName === "path" ? of("d") : undefined);
      if (form.tagName === "rect") shape.roundRect(number("x"), number("y"), number("width"), number("height"), number("rx"));
      if (form.tagName === "circle") shape.arc(number("cx"), number("cy"), number("r"), 0, 2 * Math.PI);
      if (form.tagName === "text") {
        pen.font = `${of("font-weight", "400")} ${of("font-size", "12")}px sans-serif`;
        pen.textAlign = "center";
        pen.textBaseline = "alphabetic";
        pen.fillStyle = of("fill", "#000");
        pen.fillText(form.textContent, number("x"), number("y"));
        return;
      }
      if (of("fill", form.tagName === "path" && of("stroke") ? "none" : "#000") !== "none") {
        pen.globalAlpha = Number(of("fill-opacity", 1));
        pen.fillStyle = of("fill", "#000");
        pen.fill(shape);
      }
      if (of("stroke", "none") !== "none") {
        pen.globalAlpha = Number(of("stroke-opacity", 1));
        pen.strokeStyle = of("stroke");
        pen.lineWidth = Number(of("stroke-width", 1));
        pen.setLineDash(of("stroke-dasharray", "none") === "none" ? [] : of("stroke-dasharray").split(/[ ,]+/).map(Number));
        pen.stroke(shape);
        pen.setLineDash([]);
      }
    });
    pen.restore();
  };
  // A name along a street: turned about its middle, its signs beside or below one another.
  const drawTurned = (pen, node, style, x, y) => {
    pen.save();
    pen.translate(x, y);
    pen.rotate(parseFloat(style.rotate) * (Math.PI / 180) || 0);
    pen.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    const size = parseFloat(style.fontSize);
    const signs = style.writingMode === "horizontal-tb" ? [node.textContent] : [...node.textContent];
    signs.forEach((sign, k) => letters(pen, style, [sign, 0, (k - (signs.length - 1) / 2) * size]));
    pen.restore();
  };
  const letters = (pen, style, at) => {
    if (style.textShadow !== "none" || parseFloat(style.webkitTextStrokeWidth)) {
      pen.strokeStyle = "#fff";
      pen.lineWidth = 3;
      pen.lineJoin = "round";
      pen.strokeText(...at);
    }
    pen.fillStyle = style.color;
    pen.fillText(...at);
  };
  const drawNode = (pen, node, frame) => {
    const style = getComputedStyle(node);
    if (style.display === "none" || style.visibility === "hidden") return;
    const place = node.getBoundingClientRect();
    const [x, y] = [place.left - frame.left, place.top - frame.top];
    pen.globalAlpha = 1;
    if (node.tagName === "svg") {
      drawSign(pen, node, x, y);
      return;
    }
    if (node.tagName === "IMG") {
      pen.drawImage(node, x, y, place.width, place.height);
      return;
    }
    if (style.rotate !== "none" || style.writingMode !== "horizontal-tb") {
      drawTurned(pen, node, style, x + place.width / 2, y + place.height / 2);
      return;
    }
    box(pen, style, { x, y, width: place.width, height: place.height });
    node.childNodes.forEach((child) => {
      if (child.nodeType === Node.ELEMENT_NODE) drawNode(pen, child, frame);
      if (child.nodeType !== Node.TEXT_NODE) return;
      pen.font = `${style.fontStyle} ${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
      pen.textAlign = "left";
      pen.textBaseline = "middle";
      linesOf(child).forEach(({ text, left, top, height }) => letters(pen, style, [text, left - frame.left, top - frame.top + height / 2]));
    });
  };

  // A sheet that the browser lays out beside the window: head, map and legend, foot.
  const sheetOf = (map, says, shown) => {
    const container = map.getContainer();
    const { x: width, y: height } = map.getSize();
    const sheet = element("div", container);
    sheet.className = "jx-sheet-of-picture";
    sheet.style.setProperty("--jx-width", `${width}px`);
    const copy = (selector, parent) => [...container.querySelectorAll(selector)].filter((one) => !sheet.contains(one)).map((one) => parent.appendChild(one.cloneNode(true)));
    const head = element("header", sheet);
    copy(".jx-title > h1, .jx-title > p, .jx-title > .jx-sketch, .jx-notice > p", head);
    const beside = map.jxOther?.();
    // Which of several layers is shown is told by the switch, which no picture has; of two side by side by their chips.
    if (shown && !beside) head.querySelector("h1").after(Object.assign(element("p", null, shown), { className: "jx-shown" }));
    if (map.jxPeriod?.shown()) element("b", head, map.jxPeriod.told());
    const hole = element("div", sheet);
    hole.className = "jx-hole";
    hole.style.width = `${width}px`;
    hole.style.height = `${height}px`;
    copy(".leaflet-control-scale", hole);
    element("b", hole, `▲ ${says.north}`).className = "jx-north";
    beside?.chips.forEach((name, side) => {
      const chip = element("span", hole, name);
      chip.className = `jx-chip jx-chip-${side ? "right" : "left"}`;
    });
    const key = element("aside", sheet);
    key.className = "jx-legend";
    copy(".jx-legend [data-section], .jx-legend details > ul", key);
    const ranked = [...container.querySelectorAll(".jx-list")].filter((list) => list.style.display !== "none");
    if (ranked.length) {
      const list = element("div", key);
      list.className = "jx-list";
      copy(".jx-list summary > h2, .jx-list details > :is(h2, ol, p)", list);
    }
    const foot = element("footer", sheet);
    copy(".leaflet-control-attribution", foot);
    element("p", foot, says.source);
    return { sheet, hole, width, height, beside };
  };
  const draw = (map, says, shown) => {
    const { sheet, hole, width, height, beside } = sheetOf(map, says, shown);
    const frame = sheet.getBoundingClientRect();
    const inner = hole.getBoundingClientRect();
    const canvas = document.createElement("canvas");
    canvas.width = Math.ceil(frame.width * SCALE);
    canvas.height = Math.ceil(frame.height * SCALE);
    const pen = canvas.getContext("2d");
    pen.scale(SCALE, SCALE);
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, frame.width, frame.height);
    [[map, 0], ...(beside ? [[beside.view, beside.share / 100]] : [])].forEach(([view, from]) => {
      pen.save();
      pen.translate(inner.left - frame.left, inner.top - frame.top);
      pen.beginPath();
      pen.rect(from * width, 0, (1 - from) * width, height);
      pen.clip();
      pen.fillStyle = getComputedStyle(map.getContainer()).backgroundColor;
      pen.fillRect(0, 0, width, height);
      drawMap(pen, view);
      if (from) {
        pen.globalAlpha = 1;
        pen.fillStyle = "#111a22";
        pen.fillRect(from * width, 0, 2, height);
      }
      pen.restore();
    });
    hole.style.background = "none";
    drawNode(pen, sheet, frame);
    sheet.remove();
    return canvas;
  };

  const takePicture = ({ map, says, say, tools, bases, nameOf, shownBase }) => tools.button("picture", () => {
    draw(map, says, bases.length > 1 ? nameOf(shownBase()) : "").toBlob((blob) => {
      const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: `${document.title.replace(/[\\/:*?"<>|]/g, " ")}.png` });
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
      say(says.saved);
    });
  });

  return { takePicture };
})());
