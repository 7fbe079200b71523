// The form of the page. Runtime and student are loaded when they are first asked, not before.
const folder = new URL(".", document.currentScript.src);
const form = document.getElementById("flower");
const answer = document.getElementById("answer");
const classes = form.dataset.classes.split(" ");
let score;

async function load() {
  const module = await import(new URL("score.mjs", folder));
  return module.load(new URL("student.onnx", folder).href);
}

function line(name, probability, isLabel) {
  const row = document.createElement("div");
  const bar = document.createElement("progress");
  const number = document.createElement("span");
  row.className = isLabel ? "scored is-label" : "scored";
  bar.value = probability;
  bar.setAttribute("aria-label", name);
  number.textContent = probability.toFixed(4);
  row.append(name, bar, number);
  return row;
}

async function ask() {
  // The file refuses nothing: an empty field would be a zero to it.
  if (!form.reportValidity()) return;
  if (!score) answer.textContent = "Loading …";
  try {
    score ??= await load();
    const row = Array.from(new FormData(form).values(), Number);
    const { label, probabilities } = await score(row);
    answer.replaceChildren(
      ...probabilities.map((p, k) => line(classes[k], p, classes[k] === label)),
    );
  } catch (error) {
    answer.textContent =
      `The student could not be asked: ${error.message} ` +
      "(A page that was opened as a file may load nothing: it wants a server.)";
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  ask();
});
form.addEventListener("input", () => {
  if (!form.checkValidity()) answer.textContent = "";
  else if (score) ask();
});
