// For pools that run the functions of a module.
export { empty, mix, spin, touch } from "../work.ts"
