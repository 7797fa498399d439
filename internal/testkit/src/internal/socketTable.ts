/**
 * TCP sockets by owning process, read from /proc where there is one, else from `lsof`. Owns reading and
 * parsing. A socket in TIME_WAIT has no owner any more and is not in the table.
 */
import { readFileSync, readdirSync, readlinkSync } from "node:fs"
import { SocketAddress } from "node:net"

import { Effect } from "effect"

import { capture, hasProc } from "./processTable.ts"

export interface Socket {
  /** Owning process. */
  readonly pid: number
  /** `127.0.0.1:8080`, `[::1]:8080`. */
  readonly local: string
  /** `LISTEN`, `ESTABLISHED`, `CLOSE_WAIT`… */
  readonly state: string
  /** The same for one socket as long as it lives. */
  readonly id: string
}

const states: Record<string, string> = {
  "01": "ESTABLISHED",
  "02": "SYN_SENT",
  "03": "SYN_RECV",
  "04": "FIN_WAIT1",
  "05": "FIN_WAIT2",
  "06": "TIME_WAIT",
  "07": "CLOSE",
  "08": "CLOSE_WAIT",
  "09": "LAST_ACK",
  "0A": "LISTEN",
  "0B": "CLOSING",
}

/** `0100007F:1F90` is `127.0.0.1:8080`: the kernel prints 32-bit words in its own (little) byte order. */
export const parseAddress = (hex: string): string => {
  const [host = "", port = ""] = hex.split(":")
  const bytes = (host.match(/.{8}/g) ?? []).flatMap((word) =>
    (word.match(/../g) ?? []).toReversed().map((byte) => Number.parseInt(byte, 16)),
  )
  const v4 = bytes.length === 4 || bytes.slice(0, 12).join(",") === "0,0,0,0,0,0,0,0,0,0,255,255"
  if (v4) return `${bytes.slice(-4).join(".")}:${Number.parseInt(port, 16)}`
  const groups = Array.from({ length: 8 }, (_, index) =>
    (((bytes[index * 2] ?? 0) << 8) | (bytes[index * 2 + 1] ?? 0)).toString(16),
  )
  const { address } = new SocketAddress({ address: groups.join(":"), family: "ipv6" })
  return `[${address}]:${Number.parseInt(port, 16)}`
}

export interface TcpLine {
  readonly inode: string
  readonly local: string
  readonly state: string
}

/** The lines of /proc/PID/net/tcp or tcp6. */
export const parseTcp = (text: string): ReadonlyArray<TcpLine> =>
  text
    .split("\n")
    .slice(1)
    .flatMap((line) => {
      const fields = line.trim().split(/\s+/)
      const [, local, , state, , , , , , inode] = fields
      if (local === undefined || state === undefined || inode === undefined || inode === "0")
        return []
      return [{ inode, local: parseAddress(local), state: states[state] ?? state }]
    })

/** The output of `lsof -nP -iTCP -FpfnTd`: one field per line, its kind is the first letter. */
export const parseLsof = (text: string): ReadonlyArray<Socket> => {
  const sockets: Array<{ pid: number; local: string; state: string; id: string }> = []
  let pid = 0
  for (const line of text.split("\n")) {
    const value = line.slice(1)
    const last = sockets.at(-1)
    if (line.startsWith("p")) pid = Number(value)
    else if (line.startsWith("f"))
      sockets.push({ pid, local: "", state: "", id: `${pid} fd ${value}` })
    else if (last === undefined) continue
    else if (line.startsWith("d")) last.id = `${pid} ${value}`
    else if (line.startsWith("n")) last.local = value.split("->")[0] ?? value
    else if (line.startsWith("TST=")) last.state = value.slice(3)
  }
  return sockets
}

const attempt = <A>(read: () => A, otherwise: A): A => {
  try {
    return read()
  } catch {
    return otherwise
  }
}

const fromProc = (pid: number): ReadonlyArray<Socket> => {
  const inodes = new Set(
    attempt(() => readdirSync(`/proc/${pid}/fd`), []).flatMap((fd) => {
      const link = attempt(() => readlinkSync(`/proc/${pid}/fd/${fd}`), "")
      return /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []
    }),
  )
  if (inodes.size === 0) return []
  return ["tcp", "tcp6"]
    .flatMap((table) =>
      parseTcp(attempt(() => readFileSync(`/proc/${pid}/net/${table}`, "latin1"), "")),
    )
    .filter((line) => inodes.has(line.inode))
    .map((line) => ({ pid, local: line.local, state: line.state, id: `inode ${line.inode}` }))
}

/** What `lsof` says about the given processes; exported beside `read` so that Linux tests it too. */
export const fromLsof = (pids: ReadonlyArray<number>): Effect.Effect<ReadonlyArray<Socket>> =>
  Effect.map(
    capture("lsof", ["-nP", "-a", "-iTCP", "-p", pids.join(","), "-FpfnTd"]),
    ({ stdout }) => parseLsof(stdout),
  )

/** The TCP sockets that the given processes hold open. A socket shared by two is listed for each. */
export const read = (pids: ReadonlyArray<number>): Effect.Effect<ReadonlyArray<Socket>> =>
  hasProc ? Effect.sync(() => pids.flatMap(fromProc)) : fromLsof(pids)
