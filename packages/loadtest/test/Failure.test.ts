import { assert, describe, it } from "@effect/vitest"

import { classify, type Phase } from "../src/internal/Failure.ts"

const error = (message: string, fields: object = {}) => Object.assign(new Error(message), fields)

describe("Failure", () => {
  it.each([
    ["refused", error("connect ECONNREFUSED", { code: "ECONNREFUSED" }), "nothing"],
    [
      "refused",
      Object.assign(new AggregateError([error("a", { code: "ECONNREFUSED" }), error("b")]), {
        code: "ECONNREFUSED",
      }),
      "nothing",
    ],
    ["reset", error("read ECONNRESET", { code: "ECONNRESET" }), "nothing"],
    ["reset", error("read ECONNRESET", { code: "ECONNRESET" }), "body"],
    ["reset", error("write EPIPE", { code: "EPIPE" }), "nothing"],
    ["reset", error("socket hang up", { code: "ECONNRESET" }), "nothing"],
    ["truncated", error("socket hang up", { code: "ECONNRESET" }), "head"],
    ["truncated", error("aborted", { code: "ECONNRESET" }), "body"],
    ["truncated", error("Parse Error", { code: "HPE_INVALID_EOF_STATE" }), "body"],
    ["malformed", error("Parse Error", { code: "HPE_INVALID_CONSTANT" }), "nothing"],
    ["connectTimeout", error("connect ETIMEDOUT", { code: "ETIMEDOUT" }), "nothing"],
    ["dns", error("no such host", { code: "ENOTFOUND", syscall: "getaddrinfo" }), "nothing"],
    ["dns", error("try again", { code: "EAI_AGAIN" }), "nothing"],
    ["other", error("too many open files", { code: "EMFILE" }), "nothing"],
    ["other", "a string", "nothing"],
    ["other", undefined, "nothing"],
  ] as const)("sorts into %s: %o after %s", (expected, cause, phase: Phase) => {
    const failure = classify(cause, phase)
    assert.strictEqual(failure.class, expected)
    assert.isNotEmpty(failure.example)
  })

  it("names every address of a host when none could be reached", () => {
    const cause = new AggregateError([
      error("connect ECONNREFUSED ::1:80", { code: "ECONNREFUSED" }),
      error("connect ECONNREFUSED 127.0.0.1:80", { code: "ECONNREFUSED" }),
    ])
    assert.deepStrictEqual(classify(cause, "nothing"), {
      class: "refused",
      example: "connect ECONNREFUSED ::1:80, connect ECONNREFUSED 127.0.0.1:80",
    })
  })
})
