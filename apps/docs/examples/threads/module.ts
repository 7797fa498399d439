// #region module
export default (text: string): number => text.length

export const shout = (text: string): string => text.toUpperCase()
// #endregion
