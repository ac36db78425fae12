/** Asked for and not imported: a Node that has none would not come to the first module that is evaluated, which says what Node it takes. */
export const { DatabaseSync } = process.getBuiltinModule('node:sqlite')
