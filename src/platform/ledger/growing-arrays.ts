/**
 * Typed arrays that grow in place. Their memory is outside the heap of V8: the garbage collector does not visit it, and
 * the heap, which V8 lets grow to a multiple of what is in use, stays small.
 */

type TypedArray = Int32Array<ArrayBuffer> | Uint32Array<ArrayBuffer> | Float64Array<ArrayBuffer>;

const FIRST_BYTES = 4096;

/**
 * Memory for a typed array that is empty now. The whole of it is reserved as addresses, and the system provides a page
 * when it is first written.
 */
export function reserve(maxBytes: number): ArrayBuffer {
  return new ArrayBuffer(0, { maxByteLength: maxBytes });
}

/** Makes an array long enough for `items` at `index`. New items are 0. */
export function growFor(array: TypedArray, index: number): void {
  if (index < array.length) return;
  const { buffer, BYTES_PER_ELEMENT: width } = array;
  const needed = Math.max((index + 1) * width, buffer.byteLength * 2, FIRST_BYTES);
  buffer.resize(Math.min(needed, buffer.maxByteLength));
}
