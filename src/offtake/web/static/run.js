/* What a page with charts does beyond drawing them: pictures to save, and the section that is read in the address. */

/* A chart as a picture: drawn once more on a canvas, on the paper of the page. */
function saved(plot, name) {
  const chart = echarts.getInstanceByDom(plot);
  const away = document.createElement("div");
  const option = { ...chart.getOption(), animation: false };
  const drawn = echarts.init(away, null, { renderer: "canvas", width: chart.getWidth(), height: chart.getHeight() });
  drawn.setOption(option);
  const paper = getComputedStyle(document.documentElement).getPropertyValue("--paper").trim();
  const link = document.createElement("a");
  link.href = drawn.getDataURL({ type: "png", pixelRatio: 2, backgroundColor: paper });
  link.download = name + ".png";
  drawn.dispose();
  link.click();
}

function offerPictures() {
  for (const plot of document.querySelectorAll("[data-option]")) {
    const panel = plot.closest(".panel"), title = plot.closest("figure").querySelector("h3, h4");
    if (!panel || panel.querySelector(".png")) continue;
    const button = document.createElement("button");
    const part = panel.querySelector(".panel-title");
    button.type = "button";
    button.className = "png quiet";
    button.textContent = "PNG";
    button.setAttribute("aria-label", "Save as picture: " + title.textContent + (part ? ", " + part.textContent : ""));
    button.addEventListener("click", () => saved(plot, plot.dataset.option));
    panel.append(button);
  }
}

/* The address names the section that is read, so that it can be sent to others. */
function followSections() {
  const links = [...document.querySelectorAll(".contents a")];
  const sections = links.map((link) => document.querySelector(link.hash)).filter(Boolean);
  if (!sections.length) return;
  let waiting = 0;
  function mark() {
    const read = sections.filter((one) => one.getBoundingClientRect().top < 120).pop();
    for (const link of links)
      if (read && link.hash === "#" + read.id) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    const address = location.pathname + location.search + (read && read !== sections[0] ? "#" + read.id : "");
    if (address !== location.pathname + location.search + location.hash) history.replaceState(null, "", address);
  }
  addEventListener("scroll", () => { clearTimeout(waiting); waiting = setTimeout(mark, 200); }, { passive: true });
}

offerPictures();
followSections();
document.addEventListener("charts:changed", offerPictures);
