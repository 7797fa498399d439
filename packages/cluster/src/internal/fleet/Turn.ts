/**
 * One step of the Fleet while it is being taken: a copy of the state that may be changed, and the
 * commands so far. Knows how to change, not when.
 */
import type * as Worker from "../../Worker.ts"
import type {
  Command,
  News,
  Operation,
  Policies,
  Policy,
  Process,
  Refusal,
  Slot,
  State,
  Step,
} from "./FleetModel.ts"
import * as Life from "./Life.ts"

export class Turn {
  phase: State["phase"]
  operation: Operation | null
  forced: number
  nextSlot: number
  readonly generations: Array<number>
  readonly policies: Policies
  private readonly before: State
  private readonly slotsById: Map<number, Slot>
  private readonly processesBySerial: Map<number, Process>
  private readonly commands: Array<Command> = []
  private nextSerial: number
  /** For what is forked in this step, in ms. */
  private readonly now: number

  constructor(state: State, policies: Policies, now: number) {
    this.before = state
    this.phase = state.phase
    this.operation = state.operation
    this.forced = state.forced
    this.nextSlot = state.nextSlot
    this.nextSerial = state.nextSerial
    this.generations = [...state.generations]
    this.policies = policies
    this.now = now
    this.slotsById = new Map(state.slots.map((slot) => [slot.id, slot]))
    this.processesBySerial = new Map(state.processes.map((process) => [process.serial, process]))
  }

  get slots(): ReadonlyArray<Slot> {
    return [...this.slotsById.values()]
  }

  get processes(): ReadonlyArray<Process> {
    return [...this.processesBySerial.values()]
  }

  slot(id: number): Slot | undefined {
    return this.slotsById.get(id)
  }

  process(serial: number): Process | undefined {
    return this.processesBySerial.get(serial)
  }

  slotsOf(group: number): ReadonlyArray<Slot> {
    return this.slots.filter((slot) => slot.group === group)
  }

  processesOf(slot: number): ReadonlyArray<Process> {
    return this.processes.filter((process) => process.slot === slot)
  }

  isReady(slot: number): boolean {
    return this.processesOf(slot).some(({ state }) => state === "ready")
  }

  policyOf(generation: number): Policy {
    return this.policies.of(generation)
  }

  put(id: number, change: Partial<Slot>): void {
    const slot = this.slotsById.get(id)
    if (slot !== undefined) this.slotsById.set(id, { ...slot, ...change })
  }

  add(slot: Slot): void {
    this.slotsById.set(slot.id, slot)
  }

  removeSlot(id: number): void {
    this.slotsById.delete(id)
  }

  removeProcess(serial: number): void {
    this.processesBySerial.delete(serial)
  }

  say(command: Command): void {
    this.commands.push(command)
  }

  tell(news: News): void {
    this.say({ _tag: "Tell", news })
  }

  answer(id: number, refusal: Refusal | null): void {
    this.say({ _tag: "Answer", id, refusal })
  }

  fork(id: number, generation: number): void {
    const slot = this.slotsById.get(id)
    if (slot === undefined) return
    const serial = this.nextSerial++
    this.put(id, { status: "active", generation, again: false })
    this.say({ _tag: "Fork", serial, slot: id, index: slot.index, generation })
    this.live(serial, id, generation, Life.begin(this.now, this.policyOf(generation).timings))
  }

  private live(serial: number, slot: number, generation: number, [life, commands]: Life.LifeStep) {
    this.processesBySerial.set(serial, { ...life, serial, slot, generation })
    for (const command of commands) this.say({ ...command, serial })
  }

  /** Something happened to a process. */
  hear(process: Process, event: Life.LifeEvent): void {
    const { generation, serial, slot } = process
    const { timings } = this.policyOf(generation)
    this.live(serial, slot, generation, Life.step(process, event, timings))
  }

  retire(process: Process): void {
    if (process.state === "ready" && process.pid !== null) {
      this.tell({ _tag: "WorkerDraining", id: process.slot, pid: process.pid })
    }
    this.hear(process, { _tag: "Retire" })
  }

  retireAll(slot: number): void {
    for (const process of this.processesOf(slot)) this.retire(process)
  }

  failStart(slot: number, failure: Worker.Failure): void {
    this.say({ _tag: "StartFailed", slot, failure })
  }

  end(): Step {
    return [
      {
        ...this.before,
        phase: this.phase,
        operation: this.operation,
        forced: this.forced,
        generations: this.generations,
        slots: this.slots,
        processes: this.processes,
        nextSerial: this.nextSerial,
        nextSlot: this.nextSlot,
      },
      this.commands,
    ]
  }
}
