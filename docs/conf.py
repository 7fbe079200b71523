"""Sphinx configuration: `python -m sphinx -W --keep-going -b html docs docs/_build/html`."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_ext"))
# Timings in the examples are those of one core.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import skdistill

project = "skdistill"
author = "The skdistill developers"
copyright = author
version = release = skdistill.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "myst_parser",
    "numpydoc",
    "sphinx_copybutton",
    "sphinx_gallery.gen_gallery",
    "mathml",
    "fitted_names",
    "pictures",
    "measured",
    "stacked_tables",
    "in_the_browser",
    "site_check",
]
templates_path = ["_templates"]
exclude_patterns = ["_build", "examples", "**/*.inc", "api/backreferences"]
default_role = "literal"
html_math_renderer = "mathml"

# ---- API pages -------------------------------------------------------------------------------

autosummary_generate = True
autodoc_typehints = "none"
toc_object_entries_show_parents = "hide"
numpydoc_show_class_members = False
numpydoc_use_plots = False

# ---- Copy buttons ----------------------------------------------------------------------------

# Beside what one can paste, and not beside what was printed. Prompts and answers stay behind.
pasted = ("default", "python", "Python", "bash", "javascript")
copybutton_selector = ", ".join(f"div.highlight-{language} pre" for language in pasted)
copybutton_prompt_text = r">>> |\.\.\. "
copybutton_prompt_is_regexp = True

# ---- Gallery ---------------------------------------------------------------------------------

sphinx_gallery_conf = {
    "examples_dirs": "examples",
    "gallery_dirs": "gallery",
    "within_subsection_order": "gallery_order.InReadingOrder",
    "backreferences_dir": "api/backreferences",
    "doc_module": ("skdistill",),
    "reference_url": {"skdistill": None},
    "remove_config_comments": True,
    "show_memory": False,
    # That page loads scripts from elsewhere.
    "write_computation_times": False,
    "show_signature": False,
    "download_all_examples": False,
    "image_srcset": ["2x"],
    # As many at a time as `sphinx -j` says.
    "parallel": True,
}

# ---- HTML ------------------------------------------------------------------------------------

html_theme = "pydata_sphinx_theme"
html_title = "skdistill"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
# An index of two modules says nothing.
html_domain_indices = False
html_copy_source = False
html_sidebars = {"index": [], "start": [], "paper": []}
html_theme_options = {
    "logo": {"text": "skdistill"},
    "navbar_align": "left",
    "header_links_before_dropdown": 6,
    "show_prev_next": False,
    "footer_start": ["copyright"],
    "footer_end": [],
    "secondary_sidebar_items": ["page-toc", "sg_download_links"],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
