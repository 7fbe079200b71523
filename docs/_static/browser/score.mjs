import * as ort from "./ort.wasm.min.mjs";

export async function load(file) {
  const session = await ort.InferenceSession.create(file);
  return async function score(row) {
    const X = new ort.Tensor("float32", row, [1, row.length]);
    const { label, probabilities } = await session.run({ X });
    return { label: label.data[0], probabilities: [...probabilities.data] };
  };
}
