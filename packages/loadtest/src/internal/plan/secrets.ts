import type { Plan } from "../../Plan.ts"

/** Without what must not be shown to whoever reads a report. */
export const withoutKey = (plan: Plan): Plan => {
  if (plan.tls === undefined) return plan
  const { key: _key, passphrase: _passphrase, ...tls } = plan.tls
  return { ...plan, tls }
}
