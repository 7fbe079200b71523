"""What the pictures of the examples show, in words, and room for wide pictures on a phone.

A picture that has no words here is a warning, which fails the build where warnings are errors.
"""

import re
from pathlib import Path
from typing import Any

from docutils import nodes
from PIL import Image
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx_gallery.directives import imgsgnode

logger = logging.getLogger(__name__)

WORDS = {
    "boosting_to_lightgbm_001": "Log loss against rounds. On labels it falls and soon rises again; "
    "taught it falls to that of the teacher.",
    "compare_students_001": "Accuracy against prediction time. The taught tree and forest of ten "
    "are about as accurate as the teacher, and far faster.",
    "compare_students_002": "Reliability curves. Teacher, cross-fit and corrected trees lie near "
    "the diagonal, the trees on labels and in-sample far from it.",
    "different_columns_001": "Box plots of the log loss over folds: the teacher is lowest, then "
    "the taught tree, then the tree on labels.",
    "distillation_curve_001": "AUC against the number of trees, with bands. The fewer trees, the "
    "further the taught students are above those on labels.",
    "forest_to_tree_001": "AUC in each fold: that of the taught tree is close to that of the "
    "forest, that of the tree on labels lower.",
    "grid_search_001": "Log loss for each number of leaves and each share of the label, as a map.",
    "honest_search_001": "Log loss against the share of the label. The leaky search sees far less "
    "than fresh rows hold; the honest search has their shape.",
    "house_prices_001": "R² against leaves. On prices it falls from 32 leaves on; taught by the "
    "ensemble the tree rises to 512 leaves, and comes near the ensemble.",
    "many_classes_001": "Mean probability of each class for images of each digit, as two maps: "
    "the tree on labels has many zeros, the taught tree few.",
    "median_forest_001": "Pinball loss against the share of y in what is learned. Without any it "
    "is near that of the forest, and it rises with the share.",
    "overfitting_teacher_001": "Histograms of the teacher's probabilities. About its own rows, "
    "classes are far apart; out-of-bag they overlap.",
    "overfitting_teacher_002": "Log loss against leaves. On labels and in-sample it rises for "
    "large trees; cross-fit it stays near the teacher's.",
    "pipeline_columns_001": "ROC curves: that of the taught tree is close to that of the forest, "
    "that of the tree on labels below.",
    "rules_001": "The distilled tree: five questions and six leaves with the probability of a "
    "benign tumour.",
    "ship_a_student_001": "Time of one row against size. The tree in C takes least time, the "
    "forest in scikit-learn most; as an ONNX file both are quick, and the tree is far smaller.",
    "transfer_rows_001": "Log loss against the leaves of the tree. Without further rows it rises "
    "from 32 leaves on; with them, made in any of three ways, it falls to 128 leaves and is lower.",
    "treatment_effects_001": "A tree of six leaves: it asks for the severity first, and then for "
    "the age.",
    "underfitting_teacher_001": "Log loss against the teacher's depth. The corrected student is "
    "well below a shallow teacher; in-sample and cross-fit ones are not.",
    "xgboost_own_interface_001": "Log loss against rounds. On labels it falls and soon rises; "
    "corrected it falls as far, below the teacher's, and stays there.",
}
OF_EXAMPLE = re.compile(r"sphx_glr_plot_(\w+?)(_2_00x)?\.png$")
WIDE, NARROW = 800, 400  # pixels
# Pixels of an inch of a picture of results at which its letters can be read, and the widths that
# `site.css` keeps on a phone for their sake.
READABLE, WIDTHS = 68, (600, 800, 1000, 1200)


def width(path: Path) -> int:
    """Return the width of a PNG file."""
    return int.from_bytes(path.read_bytes()[16:20], "big")


def describe(app: Sphinx, tree: nodes.document) -> None:
    """Give each picture its words, and let a wide one scroll where the screen is narrow."""
    for picture in list(tree.findall(imgsgnode)):
        found = OF_EXAMPLE.search(picture["uri"])
        name = found[1] if found else picture["uri"]
        if name not in WORDS:
            logger.warning("docs/_ext/pictures.py has no words for the picture %s", name)
        picture["alt"] = WORDS.get(name, "")
        if width(Path(app.srcdir, picture["uri"].lstrip("/"))) >= WIDE:
            frame = nodes.container(classes=["wide-picture"])
            picture.replace_self(frame)
            frame += picture


def frame_results(app: Sphinx, tree: nodes.document) -> None:
    """Let wide pictures on a page of results scroll on a phone, and lead to them as they are."""
    if not app.env.docname.startswith("results/"):
        return
    for picture in list(tree.findall(nodes.image)):
        picture["width"] = "100%"  # Sphinx makes such pictures links
        with Image.open(Path(app.srcdir, picture["uri"])) as file:
            wanted = READABLE * file.width / file.info["dpi"][0]
        if wanted > NARROW:
            least = min(WIDTHS, key=lambda each: abs(each - wanted))
            frame = nodes.container(classes=["wide-picture", f"at-least-{least}"])
            picture.replace_self(frame)
            frame += picture


def setup(app: Sphinx) -> dict[str, Any]:
    """Describe pictures when their page was read."""
    app.connect("doctree-read", describe)
    app.connect("doctree-read", frame_results)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
