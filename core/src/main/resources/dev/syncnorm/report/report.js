'use strict';
(() => {
  const SVG = 'http://www.w3.org/2000/svg';
  const LEFT = 58, RIGHT = 12, TOP = 8, BOTTOM = 36, UNDER = 22;
  const charts = JSON.parse(document.getElementById('charts').textContent);

  function node(parent, name, attributes, text) {
    const made = document.createElementNS(SVG, name);
    for (const key in attributes) made.setAttribute(key, attributes[key]);
    if (text !== undefined) made.textContent = text;
    parent.append(made);
    return made;
  }

  function shown(value) {
    if (value === 0) return '0';
    const size = Math.abs(value);
    return size >= 1e7 || size < 1e-4 ? value.toExponential(3) : String(Number(value.toPrecision(5)));
  }

  function whole(value) {
    return Math.round(value).toLocaleString('en-US');
  }

  /** Round values within [low, high], about as many as wanted. */
  function ticks(low, high, wanted, least) {
    const rough = (high - low) / wanted;
    const power = Math.pow(10, Math.floor(Math.log10(rough)));
    const step = Math.max(least, power * [1, 2, 5, 10].find(f => f * power >= rough * 0.999));
    const found = [];
    for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++) found.push(i * step + 0); // + 0, as -0 is shown as such
    return { values: found, step };
  }

  /** Powers of ten within [low, high]; with twos and fives if that gives few. */
  function logTicks(low, high) {
    const from = Math.floor(Math.log10(low)), to = Math.ceil(Math.log10(high));
    const skip = Math.ceil((to - from) / 7);
    for (const factors of [[1], [1, 2, 5]]) {
      const found = [];
      for (let power = from; power <= to; power++) {
        if ((power - from) % skip) continue;
        for (const factor of factors) {
          const value = Number(`${factor}e${power}`);
          if (value >= low * 0.999 && value <= high * 1.001) found.push(value);
        }
      }
      if (found.length >= 3 || factors.length === 3) return found;
    }
  }

  function yLabel(value, step) {
    if (value === 0) return '0';
    const size = Math.abs(value);
    if (size >= 1e6 || size < 1e-4) return value.toExponential(1).replace('.0e', 'e');
    if (!step) return String(value);
    return value.toFixed(Math.min(8, Math.max(0, -Math.floor(Math.log10(step) + 1e-9))));
  }

  function range(chart, log) {
    let low = Infinity, high = -Infinity;
    for (const values of [...chart.series.map(s => s.y), chart.least || [], chart.greatest || []]) {
      for (const value of values) {
        if (value < low && (!log || value > 0)) low = value;
        if (value > high) high = value;
      }
    }
    return [low, high];
  }

  function yAxis(chart, log, top, bottom) {
    let [low, high] = range(chart, log);
    if (log) {
      const a = Math.log10(low), b = Math.log10(high), pad = (b - a) * 0.04;
      // What is 0, such as an empty place of a histogram, lies on the axis.
      const at = v => v > 0 ? bottom - (Math.log10(v) - a + pad) / (b - a + 2 * pad) * (bottom - top) : bottom;
      return { at, ticks: logTicks(low, high), step: 0 };
    }
    const pad = high > low ? (high - low) * 0.05 : Math.abs(high) * 0.05 || 1;
    // An axis of what is never negative and comes near 0 begins at 0.
    low = chart.kind === 'histogram' || low >= 0 && low < (high - low) * 0.5 && high > low ? 0 : low - pad;
    high += pad;
    const at = v => bottom - (v - low) / (high - low) * (bottom - top);
    const { values, step } = ticks(low, high, 5, 0);
    return { at, ticks: values, step };
  }

  function path(xs, ys) {
    let d = '';
    for (let i = 0; i < xs.length; i++) d += `${i ? 'L' : 'M'}${xs[i].toFixed(1)} ${ys[i].toFixed(1)}`;
    // A single point shows as a dot.
    return xs.length === 1 ? `${d}h.01` : d;
  }

  class Chart {
    constructor(place, chart) {
      this.place = place;
      this.chart = chart;
      this.log = chart.log;
      this.thin = chart.series.length > 1 && !chart.kind;
      this.many = chart.series.length > 1;
      this.at = -1;
      this.hot = 0;
      this.svg = node(place, 'svg', { tabindex: 0, role: 'img', 'aria-label': place.dataset.label });
      const under = document.createElement('div');
      under.className = 'under';
      this.read = document.createElement('span');
      this.read.className = 'read';
      this.read.setAttribute('role', 'status');
      under.append(this.read);
      if (chart.canLog) under.append(this.toggle());
      place.append(under);
      this.listen();
      new ResizeObserver(() => this.draw()).observe(place);
      this.draw();
    }

    toggle() {
      const label = document.createElement('label');
      const box = document.createElement('input');
      box.type = 'checkbox';
      box.checked = this.log;
      box.addEventListener('change', () => { this.log = box.checked; this.width = 0; this.draw(); });
      label.append(box, ' logarithmic');
      return label;
    }

    draw() {
      const width = this.place.clientWidth, height = this.place.clientHeight - UNDER;
      if (width === this.width || width < 100) return;
      this.width = width;
      const { chart, svg } = this;
      svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
      svg.setAttribute('height', height);
      svg.replaceChildren();
      const right = width - RIGHT, bottom = height - BOTTOM;
      const axis = yAxis(chart, this.log, TOP, bottom);
      for (const value of axis.ticks) {
        const y = axis.at(value);
        node(svg, 'line', { class: 'grid', x1: LEFT, x2: right, y1: y, y2: y });
        node(svg, 'text', { x: LEFT - 7, y: y + 4, 'text-anchor': 'end' }, yLabel(value, axis.step));
      }
      const atX = this.horizontal(right);
      for (const [value, label] of this.xTicks(width)) {
        const x = atX(value);
        node(svg, 'line', { class: 'axis', x1: x, x2: x, y1: bottom, y2: bottom + 4 });
        const anchor = x > right - 14 ? 'end' : 'middle';
        node(svg, 'text', { x: anchor === 'end' ? right : x, y: bottom + 17, 'text-anchor': anchor }, label);
      }
      node(svg, 'line', { class: 'axis', x1: LEFT, x2: right, y1: bottom, y2: bottom });
      node(svg, 'text', { x: (LEFT + right) / 2, y: bottom + 32, 'text-anchor': 'middle' }, this.xName());
      this.xs = chart.x.map(atX);
      this.ys = chart.series.map(s => s.y.map(axis.at));
      this.group = node(svg, 'g', {});
      this.marks(axis, bottom);
      this.cursor = node(svg, 'line', { class: 'cursor', y1: TOP, y2: bottom, visibility: 'hidden' });
      this.dot = node(svg, 'circle', { class: 'dot', r: 4, visibility: 'hidden' });
      if (this.at >= 0) this.show(this.at, this.hot); else this.hide();
    }

    /** From the first to the last x. */
    horizontal(right) {
      const first = this.chart.x[0], last = this.chart.x[this.chart.x.length - 1];
      return x => last > first ? LEFT + (x - first) / (last - first) * (right - LEFT) : (LEFT + right) / 2;
    }

    xTicks(width) {
      const first = this.chart.x[0], last = this.chart.x[this.chart.x.length - 1];
      const values = last > first ? ticks(first, last, Math.max(2, width / 110), 1).values : [first];
      return values.map(value => [value, whole(value)]);
    }

    xName() {
      return 'step';
    }

    marks(axis) {
      const { chart, svg } = this;
      if (chart.least) {
        const outline = path(this.xs, chart.greatest.map(axis.at)) +
          path([...this.xs].reverse(), chart.least.map(axis.at).reverse()).replace('M', 'L') + 'Z';
        svg.insertBefore(node(svg, 'path', { class: 'band', d: outline }), this.group);
      }
      this.lines = this.ys.map((ys, i) => {
        const line = node(this.group, 'path', { class: this.thin ? 'curve thin' : 'curve', d: path(this.xs, ys) });
        if (this.thin) line.style.stroke = `hsl(${Math.round(i * 300 / this.ys.length)} var(--hues))`;
        return line;
      });
    }

    listen() {
      const move = event => {
        const box = this.svg.getBoundingClientRect();
        const x = event.clientX - box.left, y = event.clientY - box.top;
        let at = 0;
        this.xs.forEach((other, i) => { if (Math.abs(other - x) < Math.abs(this.xs[at] - x)) at = i; });
        let hot = 0;
        this.ys.forEach((ys, i) => { if (Math.abs(ys[at] - y) < Math.abs(this.ys[hot][at] - y)) hot = i; });
        this.show(at, hot);
      };
      this.svg.addEventListener('pointermove', move);
      this.svg.addEventListener('pointerdown', move);
      this.svg.addEventListener('pointerleave', event => { if (event.pointerType === 'mouse') this.hide(); });
      this.svg.addEventListener('blur', () => this.hide());
      this.svg.addEventListener('keydown', event => {
        const far = Math.max(1, Math.round(this.xs.length / 20));
        const end = this.xs.length - 1, count = this.ys.length;
        let at = this.at < 0 ? end : this.at, hot = this.hot;
        switch (event.key) {
          case 'ArrowLeft': at--; break;
          case 'ArrowRight': at++; break;
          case 'PageDown': at -= far; break;
          case 'PageUp': at += far; break;
          case 'Home': at = 0; break;
          case 'End': at = end; break;
          case 'ArrowUp': if (!this.many) return; hot = (hot + 1) % count; break;
          case 'ArrowDown': if (!this.many) return; hot = (hot + count - 1) % count; break;
          case 'Escape': this.hide(); return;
          default: return;
        }
        event.preventDefault();
        this.show(Math.min(end, Math.max(0, at)), hot);
      });
    }

    show(at, hot) {
      this.at = at;
      this.hot = hot;
      const x = this.xs[at];
      for (const [key, value] of [['x1', x], ['x2', x], ['visibility', 'visible']]) this.cursor.setAttribute(key, value);
      for (const [key, value] of [['cx', x], ['cy', this.ys[hot][at]], ['visibility', 'visible']]) this.dot.setAttribute(key, value);
      if (this.thin) {
        this.group.setAttribute('class', 'hovered');
        this.lines.forEach((line, i) => line.classList.toggle('hot', i === hot));
      }
      this.read.textContent = this.text(at, hot);
    }

    text(at, hot) {
      const { chart } = this, series = chart.series[hot], value = shown(series.y[at]);
      if (this.thin || chart.rows === 1) return `step ${whole(chart.x[at])}: ${series.name} ${value}`;
      const from = at ? chart.x[at - 1] + 1 : Math.max(1, chart.x[0] - chart.rows + 1);
      return `steps ${whole(from)} to ${whole(chart.x[at])}: mean ${value}, ` +
        `${shown(chart.least[at])} to ${shown(chart.greatest[at])}`;
    }

    hide() {
      this.at = -1;
      this.group.removeAttribute('class');
      this.lines.forEach(line => line.classList.remove('hot'));
      this.cursor.setAttribute('visibility', 'hidden');
      this.dot.setAttribute('visibility', 'hidden');
      this.read.textContent = this.idle();
    }

    idle() {
      return this.thin
        ? `${this.chart.series.length} curves; point at one to read it`
        : this.text(this.chart.x.length - 1, 0);
    }
  }

  /** Shares of the pixels by value, a filled curve for each channel. */
  class Histogram extends Chart {
    xName() {
      return 'value';
    }

    marks(axis, bottom) {
      const start = this.xs[0], end = this.xs[this.xs.length - 1];
      this.lines = this.chart.series.map((series, i) => {
        const line = path(this.xs, this.ys[i]);
        const place = node(this.group, 'g', { class: `tone-${series.name}` });
        node(place, 'path', { class: 'area', d: `${line}L${end} ${bottom}L${start} ${bottom}Z` });
        return node(place, 'path', { class: 'curve', d: line });
      });
    }

    text(at) {
      const { x, rows, series } = this.chart;
      const values = rows > 1 ? `values ${whole(x[at])} to ${whole(x[at] + rows - 1)}` : `value ${x[at]}`;
      return `${values}: ${series.map(s => `${s.name} ${shown(s.y[at])} %`).join(', ')}`;
    }

    idle() {
      return 'point at a value to read it';
    }
  }

  /** Groups side by side: a whisker from mean - std to mean + std, and a dot for each channel's mean. */
  class Groups extends Chart {
    horizontal(right) {
      const count = this.chart.x.length;
      return x => LEFT + (x - 0.5) / count * (right - LEFT);
    }

    xTicks(width) {
      const { x, names } = this.chart, room = Math.floor((width - LEFT) / x.length / 7);
      if (room < 6) return super.xTicks(width);
      return x.map((value, i) => [value, names[i].length > room ? `${names[i].slice(0, room - 1)}\u2026` : names[i]]);
    }

    xName() {
      return 'groups by their mean';
    }

    marks(axis) {
      const { least, greatest, series } = this.chart;
      const room = (this.xs.length > 1 ? this.xs[1] - this.xs[0] : 100), wide = Math.max(0.6, Math.min(18, room * 0.5));
      this.lines = [];
      this.xs.forEach((x, i) => {
        node(this.group, 'line', {
          class: 'whisker', x1: x, x2: x, y1: axis.at(least[i]), y2: axis.at(greatest[i]), 'stroke-width': wide,
        });
      });
      const size = Math.max(1, Math.min(4, room * 0.3));
      series.forEach((one, s) => {
        const dots = node(this.group, 'g', { class: `tone-${one.name}` });
        this.xs.forEach((x, i) => node(dots, 'circle', { class: 'mean', cx: x, cy: this.ys[s][i], r: size }));
      });
    }

    text(at, hot) {
      const { x, names, series, mean, deviation } = this.chart;
      const rest = series.map(s => `${s.name} ${shown(s.y[at])}`).join(', ');
      return `${whole(x[at])}. ${names[at]}: mean ${shown(mean[at])}, std ${shown(deviation[at])}; ${rest}`;
    }

    idle() {
      return 'point at a group to read it';
    }
  }

  const KINDS = { histogram: Histogram, groups: Groups };
  for (const id in charts) {
    const place = document.getElementById(id);
    if (place) new (KINDS[charts[id].kind] || Chart)(place, charts[id]);
  }

  for (const table of document.querySelectorAll('table.sortable')) {
    const body = table.tBodies[0];
    table.querySelectorAll('thead button').forEach(button => button.addEventListener('click', () => {
      const head = button.closest('th'), column = head.cellIndex;
      const up = head.getAttribute('aria-sort') === 'descending';
      table.querySelectorAll('thead th').forEach(th => th.removeAttribute('aria-sort'));
      head.setAttribute('aria-sort', up ? 'ascending' : 'descending');
      const key = row => row.cells[column].dataset.value;
      const order = (a, b) => key(a) === undefined
        ? b.cells[column].textContent.localeCompare(a.cells[column].textContent)
        : Number(key(b)) - Number(key(a));
      body.append(...[...body.rows].sort((a, b) => up ? order(b, a) : order(a, b)));
    }));
  }

  for (const stack of document.querySelectorAll('.stack')) {
    const slider = stack.querySelector('input');
    const cut = () => stack.style.setProperty('--cut', `${slider.value}%`);
    slider.addEventListener('input', cut);
    cut();
  }
})();
