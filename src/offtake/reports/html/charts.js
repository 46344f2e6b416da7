/* Draws the charts of the page: options are data beside each plot, functions and colours are here. */
(function () {
  "use strict";

  const SCALES = [[1e12, "tn"], [1e9, "bn"], [1e6, "M"], [1e3, "k"]];

  function digits(value) {
    const size = Math.abs(value);
    return size >= 100 ? 0 : size >= 10 ? 1 : 2;
  }

  function money(value) {
    if (value === null || value === undefined || value === "" || Number.isNaN(Number(value))) return "–";
    for (const [size, name] of SCALES)
      if (Math.abs(value) >= size * 0.9995) return trimmed(value / size, digits(value / size)) + " " + name;
    return Math.abs(value) < 0.5 ? "0" : trimmed(value, 0);
  }

  function trimmed(value, places) {
    return value.toLocaleString("en", { maximumFractionDigits: places });
  }

  /* As money, with the places of a table: 5.00 M. */
  function written(value) {
    for (const [size, name] of SCALES)
      if (Math.abs(value) >= size * 0.9995) {
        const places = digits(value / size);
        return (value / size).toLocaleString("en", { minimumFractionDigits: places, maximumFractionDigits: places }) + " " + name;
      }
    return money(value);
  }

  function plain(value) {
    if (value === null || value === undefined || Number.isNaN(Number(value))) return "–";
    if (Math.abs(value) >= 1e4) return money(value);
    return Number(Number(value).toPrecision(4)).toLocaleString("en", { maximumFractionDigits: 6 });
  }

  const percent = (value) => (value === null || value === undefined ? "–" : plain(100 * value) + " %");
  const times = (value) => (value === null || value === undefined ? "–" : plain(value) + "x");
  /* "from:users" is where users pay; what stands before the colon keeps the two ends of a party apart. */
  const party = (item) => item.name.slice(item.name.indexOf(":") + 1) + "  " + written(item.value);

  const FUNCTIONS = {
    money, plain, percent, times, party,
    label: (item) => written(item.value),
    /* Ends of an axis of cover, of loan to value; null where the chart may choose. */
    cover_from: (ends) => (ends.min >= 0 ? 0 : ends.min < -1 ? -1 : null),
    cover_to: (ends) => (ends.max > 10 ? 10 : ends.max < 0 ? 1 : null),
    ltv_to: (ends) => (ends.max > 3 ? 3 : null),
  };

  /* A band between two lines, broken where either end is missing. */
  function band(series) {
    return function (params, api) {
      if (params.dataIndexInside !== 0) return null;
      const runs = [[]];
      for (const [x, low, high] of series.data) {
        if (low === null || high === null) { if (runs[runs.length - 1].length) runs.push([]); continue; }
        runs[runs.length - 1].push([api.coord([x, low]), api.coord([x, high])]);
      }
      const children = runs.filter((run) => run.length).map((run) => ({
        type: "polygon",
        shape: {
          points: run.length > 1
            ? run.map((pair) => pair[0]).concat(run.map((pair) => pair[1]).reverse())
            : [[-5, 0], [5, 0], [5, 1], [-5, 1]].map(([dx, end]) => [run[0][end][0] + dx, run[0][end][1]]),
        },
        style: { fill: series.itemStyle.color },
      }));
      return { type: "group", children: children };
    };
  }

  /* From two standard errors below to two above. */
  function whisker() {
    return function (params, api) {
      const low = api.coord([api.value(0), api.value(2)]);
      const high = api.coord([api.value(1), api.value(2)]);
      const line = (x1, y1, x2, y2) => ({ type: "line", shape: { x1, y1, x2, y2 }, style: { stroke: tone("ink"), lineWidth: 1 } });
      return {
        type: "group",
        children: [line(low[0], low[1], high[0], high[1]), line(low[0], low[1] - 4, low[0], low[1] + 4), line(high[0], high[1] - 4, high[0], high[1] + 4)],
      };
    };
  }

  /* From a low to a high quantile with a mark at the median; an arrow where it goes on beyond the plan. */
  function span(series) {
    return function (params, api) {
      const [name, low, middle, high, words] = series.data[params.dataIndex];
      const area = params.coordSys, right = area.x + area.width;
      const at = (value) => (value === null ? right : api.coord([value, name])[0]);
      const y = api.coord([0, name])[1], open = high === null;
      const start = low === null ? right - 14 : at(low), children = [];
      if (open || at(high) - start > 2)
        children.push({ type: "rect", shape: { x: start, y: y - 5, width: (open ? right - 8 : at(high)) - start, height: 10 }, style: { fill: tone("outer-solid") } });
      if (open)
        children.push({ type: "polygon", shape: { points: [[right - 8, y - 7], [right, y], [right - 8, y + 7]] }, style: { fill: tone("outer-solid") } });
      if (middle !== null)
        children.push({ type: "rect", shape: { x: at(middle) - 1.5, y: y - 7, width: 3, height: 14 }, style: { fill: tone("accent") } });
      children.push({ type: "text", style: { text: words, x: right + 6, y: y, verticalAlign: "middle", fill: tone("ink"), fontSize: 11 } });
      return { type: "group", children: children };
    };
  }

  const SHAPES = { band, whisker, span };

  function tone(name) {
    return getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
  }

  /* The option with names put for functions and colours; texts stay texts. */
  function resolved(node) {
    if (Array.isArray(node)) return node.map(resolved);
    if (node === null || typeof node !== "object") return node;
    if (Object.keys(node).length === 1 && "$" in node) return FUNCTIONS[node.$] || SHAPES[node.$] || tone(node.$);
    const made = {};
    for (const key of Object.keys(node)) made[key] = resolved(node[key]);
    if (typeof made.renderItem === "function") made.renderItem = made.renderItem(made);
    return made;
  }

  /* Height that a legend takes: its names wrap. */
  function below(option, width) {
    let row = 1, left = 0;
    for (const one of option.legend.data || option.series.filter((each) => each.name)) {
      const long = 52 + 6.4 * String(one.name || one).length;
      if (left + long > width && left > 0) { row += 1; left = 0; }
      left += long;
    }
    return 16 + 22 * row;
  }

  function dressed(option, width) {
    const ink = tone("ink"), muted = tone("muted"), rule = tone("rule");
    const axis = (one) => Object.assign({}, one, {
      axisLabel: Object.assign({ color: muted, fontSize: 11 }, one.axisLabel),
      axisLine: Object.assign({ lineStyle: { color: rule } }, one.axisLine),
      axisTick: Object.assign({ lineStyle: { color: rule } }, one.axisTick),
      splitLine: Object.assign({ show: one.type === "value", lineStyle: { color: rule } }, one.splitLine),
      nameTextStyle: { color: muted },
    });
    const made = Object.assign({
      animation: false,
      color: tone("series").split(" ").filter(Boolean),
      textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, color: ink },
      aria: { enabled: false },
    }, option);
    if (made.aria.decal) made.aria = Object.assign({ label: { enabled: false } }, made.aria);
    if (made.aria.decal && made.aria.decal.show)
      made.aria.decal.decals = [
        { symbol: "none" },
        { color: tone("decal"), dashArrayX: [1, 0], dashArrayY: [2, 5], rotation: -Math.PI / 4 },
        { color: tone("decal"), symbol: "circle", dashArrayX: [[8, 8], [0, 8, 8, 0]], dashArrayY: [6, 0], symbolSize: 0.6 },
        { color: tone("decal"), dashArrayX: [1, 0], dashArrayY: [3, 5] },
        { color: tone("decal"), dashArrayX: [1, 0], dashArrayY: [2, 4], rotation: Math.PI / 4 },
        { color: tone("decal"), dashArrayX: [4, 4], dashArrayY: [1, 4] },
      ];
    if (made.xAxis) made.xAxis = axis(made.xAxis);
    if (made.yAxis) made.yAxis = Array.isArray(made.yAxis) ? made.yAxis.map(axis) : axis(made.yAxis);
    if (made.legend) {
      const bars = [].concat(made.series).some((one) => one.type === "bar");
      made.legend = Object.assign({ textStyle: { color: ink }, itemHeight: 11, itemWidth: bars ? 18 : 28, itemGap: 12 }, bars ? { icon: "rect" } : {}, made.legend);
      if (made.legend.show !== false && made.grid) made.grid = Object.assign({}, made.grid, { top: below(made, width) });
    }
    if (made.tooltip)
      made.tooltip = Object.assign({ backgroundColor: tone("paper"), borderColor: rule, textStyle: { color: ink, fontSize: 12 }, axisPointer: { lineStyle: { color: muted }, type: "line" } }, made.tooltip);
    for (const one of [].concat(made.series)) {
      if (one.label) one.label = Object.assign({ color: ink, fontSize: 11 }, one.label);
      if (one.type === "sankey") one.label = Object.assign({ color: ink, fontSize: 12 }, one.label);
    }
    return made;
  }

  function draw(plot) {
    const source = document.getElementById(plot.dataset.option);
    const printed = document.documentElement.dataset.print;
    if (plot.classList.contains("rows"))
      plot.style.height = 64 + (printed ? 19 : 26) * Number(plot.dataset.rows) + "px";
    const before = echarts.getInstanceByDom(plot);
    if (before) before.dispose();
    else plot.textContent = "";
    /* The layout of paper is not there yet when a page is asked to print. */
    const width = printed ? (plot.closest(".many") ? 325 : 680) : undefined;
    const chart = echarts.init(plot, null, { renderer: "svg", width: width });
    const option = JSON.parse(source.textContent);
    chart.setOption(dressed(resolved(option), width || plot.clientWidth));
    link(chart, option);
    return chart;
  }

  /* Charts over the same years show the same year where one of them is pointed at. */
  function link(chart, option) {
    const axis = option.xAxis;
    if (!axis || axis.type !== "category" || !option.tooltip || option.tooltip.trigger !== "axis") return;
    chart.group = "over " + axis.data.join(" ");
    echarts.connect(chart.group);
  }

  function all() {
    for (const plot of document.querySelectorAll("[data-option]")) draw(plot);
  }

  function start() {
    document.documentElement.classList.add("drawn");
    all();
    let waiting = 0;
    window.addEventListener("resize", function () {
      clearTimeout(waiting);
      waiting = setTimeout(all, 100);
    });
    window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", all);
    /* A page that puts charts in later says so. */
    document.addEventListener("charts:changed", all);
    let opened = [];
    window.addEventListener("beforeprint", function () {
      document.documentElement.dataset.print = "yes";
      opened = [...document.querySelectorAll("details.print:not([open])")];
      opened.forEach((one) => { one.open = true; });
      all();
    });
    window.addEventListener("afterprint", function () {
      delete document.documentElement.dataset.print;
      opened.forEach((one) => { one.open = false; });
      all();
    });
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
