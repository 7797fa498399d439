/** Keeps what is secret out of everything that is printed. Pure. */

/** The password of an address, wherever the address stands in a text. */
const password = /(\b[a-z][a-z\d+.-]*:\/\/[^\s/?#"':@]*:)[^\s/?#"]*@/gi

/** `http://user:***@host/` */
export const mask = (text: string): string => text.replace(password, "$1***@")
