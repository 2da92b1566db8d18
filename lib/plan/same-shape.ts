/** Types that prove, at compile time, that a schema accepts exactly what an interface declares. */

/** A type as data is compared: read-only, and an optional field is not a field that may be undefined. */
export type Shape<T> = T extends object ? { readonly [K in keyof T]: Shape<Exclude<T[K], undefined>> } : T;

/** True when two types have the same shape: the same fields, optional in both or in neither, with the same values. */
export type SameShape<A, B> = IsEqual<Shape<A>, Shape<B>>;

/** Compiles only when its argument is true. */
export type Proven<T extends true> = T;

type IsEqual<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
