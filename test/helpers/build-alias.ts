/** Packages that the built command replaces, as the build itself has them. */
const build = (await import(new URL('../../scripts/build.mjs', import.meta.url).href)) as {
  ALIAS: Readonly<Record<string, string>>;
};

/** What is replaced by what. */
export const BUILD_ALIAS = build.ALIAS;
