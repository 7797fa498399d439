/// <reference types="vite/client" />
/** The logo again, under the address where Starlight looks for the icon. */
import logo from "../assets/logo.svg?raw"

export const GET = (): Response =>
  new Response(logo, { headers: { "content-type": "image/svg+xml" } })
