/** The package's version, as told in `hello`. A test compares it with package.json. */
export const VERSION = '0.1.0'
