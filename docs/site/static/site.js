// What the theme leaves out for those who use a keyboard or a screen reader.
document.addEventListener("DOMContentLoaded", () => {
  // Headings of the list of pages have no level of their own.
  for (const caption of document.querySelectorAll('.caption[role="heading"]')) {
    caption.setAttribute("aria-level", "2");
  }
  // What scrolls sideways must be reached without a mouse.
  for (const wide of document.querySelectorAll("pre, .table-wrapper")) {
    if (wide.scrollWidth > wide.clientWidth) wide.tabIndex = 0;
  }
  const names = [[".sidebar-drawer", "Pages"], [".toc-drawer", "On this page"]];
  for (const [place, name] of names) {
    document.querySelector(place)?.setAttribute("aria-label", name);
  }
});
