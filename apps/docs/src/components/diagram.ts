/**
 * Draws the diagrams of a page in the reader's browser, in the colours of the site, and draws them
 * again when the theme changes. Runs until the page goes.
 */
import mermaid from "mermaid"

/** A Starlight colour as `rgb(…)`, which mermaid can compute with. */
const colour = (name: string): string => {
  const probe = document.createElement("span")
  probe.style.color = `var(--sl-color-${name})`
  document.body.append(probe)
  const { color } = getComputedStyle(probe)
  probe.remove()
  return color
}

const draw = async (round: number): Promise<void> => {
  const theme = document.documentElement.dataset["theme"] ?? "dark"
  const line = colour("gray-3")
  mermaid.initialize({
    startOnLoad: false,
    look: "classic",
    layout: "dagre", // the default, elk, is a download of 1.5 MB
    theme: "base",
    themeVariables: {
      darkMode: theme === "dark",
      fontFamily: getComputedStyle(document.body).fontFamily,
      background: colour("black"),
      primaryColor: colour("accent-low"),
      primaryBorderColor: colour("accent"),
      primaryTextColor: colour("white"),
      clusterBkg: colour("gray-6"),
      clusterBorder: colour("gray-5"),
      titleColor: colour("gray-2"),
      edgeLabelBackground: colour("black"),
      textColor: colour("gray-2"),
      lineColor: line,
      arrowheadColor: line,
    },
  })
  const places = document.querySelectorAll<HTMLElement>("[data-diagram]")
  for (const [index, place] of places.entries()) {
    const source = place.dataset["diagram"] ?? ""
    place.innerHTML = (await mermaid.render(`diagram-${round}-${index}`, source)).svg
    place.dataset["drawn"] = theme
  }
}

/** One drawing at a time: mermaid's settings are global to the page. */
export const drawAll = async (): Promise<void> => {
  let round = 0
  let drawing = draw(round)
  const drawAfter = async (before: Promise<void>): Promise<void> => {
    const mine = ++round
    await before
    if (mine === round) await draw(mine)
  }
  new MutationObserver(() => {
    drawing = drawAfter(drawing)
  }).observe(document.documentElement, { attributeFilter: ["data-theme"] })
  await drawing
}
