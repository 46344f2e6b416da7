"""Settings of Sphinx for the site. Nothing is loaded from a network, now or by a reader."""

from pathlib import Path

import offtake

HERE = Path(__file__).resolve().parent

project = "offtake"
author = "The offtake authors"
copyright = author
version = release = offtake.__version__

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "sphinx_copybutton",
]
exclude_patterns = ["_build"]
nitpicky = False  # types in signatures name classes of other libraries; links of pages are checked
suppress_warnings = ["config.cache"]

# --- pages
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 4
nb_execution_mode = "cache"
nb_execution_timeout = 120
nb_execution_raise_on_error = True
nb_merge_streams = True
autodoc_typehints = "signature"
autodoc_member_order = "bysource"
python_use_unqualified_type_names = True
copybutton_prompt_text = "$ "

# --- looks
html_theme = "furo"
html_title = "offtake"
html_static_path = [str(HERE / "static")]
html_css_files = ["site.css"]
html_js_files = ["site.js"]
html_show_sphinx = False
html_copy_source = False
html_show_sourcelink = False
smartquotes = False  # options begin with two hyphens
pygments_style = "a11y-high-contrast-light"
pygments_dark_style = "a11y-high-contrast-dark"
html_theme_options = {"navigation_with_keys": True, "top_of_page_buttons": []}
