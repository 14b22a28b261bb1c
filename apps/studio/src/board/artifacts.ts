/**
 * Files that jobs left. They need the token, so the page fetches them and shows `blob:` addresses. A file is known by its
 * digest, so it is fetched once, however many places show it, and given back when none does any more.
 */
import type { ArtifactRef, Client } from '@callboard/client'
import { onScopeDispose, shallowRef, toValue, watchEffect, type MaybeRefOrGetter, type ShallowRef } from 'vue'

/** Larger pictures are offered for download only. */
export const PREVIEW_BYTES = 24 * 1024 * 1024
/** What an `img` may show. SVG is left out: it is a document. */
const PICTURES: readonly string[] = ['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/avif']
/** Blobs that nobody shows are kept for a way back; the oldest go first. */
const IDLE_MAX = 24

/** Whether a file can be shown as a picture. */
export function isPicture(artifact: ArtifactRef): boolean {
  return PICTURES.includes(artifact.mime) && artifact.size <= PREVIEW_BYTES
}

interface Held {
  readonly url: Promise<string>
  users: number
}

/** Fetches files with the token. */
export class Artifacts {
  readonly #client: Pick<Client, 'fetch'>
  readonly #held = new Map<string, Held>()

  constructor(client: Pick<Client, 'fetch'>) {
    this.#client = client
  }

  /** The address of a picture's bytes. Each call needs one {@link Artifacts.release}. */
  acquire(artifact: ArtifactRef): Promise<string> {
    const held = this.#held.get(artifact.sha256) ?? {
      url: this.#fetch(artifact, artifact.mime).then((blob) => URL.createObjectURL(blob)),
      users: 0,
    }
    held.users += 1
    // Set anew, so that the map's order is the order of use.
    this.#held.delete(artifact.sha256)
    this.#held.set(artifact.sha256, held)
    held.url.catch(() => this.#held.delete(artifact.sha256))
    return held.url
  }

  /** Gives back what {@link Artifacts.acquire} gave. */
  release(artifact: ArtifactRef): void {
    const held = this.#held.get(artifact.sha256)
    if (held === undefined) return
    held.users -= 1
    this.#trim()
  }

  /** Saves a file under its name. It is never opened as a document of this origin. */
  async download(artifact: ArtifactRef): Promise<void> {
    const blob = await this.#fetch(artifact, 'application/octet-stream')
    saveBlob(blob, artifact.name.split('/').at(-1) ?? artifact.name)
  }

  async #fetch(artifact: ArtifactRef, mime: string): Promise<Blob> {
    const response = await this.#client.fetch(`api/artifacts/${encodeURIComponent(artifact.sha256)}`)
    return new Blob([await response.arrayBuffer()], { type: mime })
  }

  #trim(): void {
    const idle = [...this.#held].filter(([, held]) => held.users <= 0)
    for (const [sha256, held] of idle.slice(0, Math.max(0, idle.length - IDLE_MAX))) {
      this.#held.delete(sha256)
      held.url.then((url) => URL.revokeObjectURL(url)).catch(() => undefined)
    }
  }
}

/** Offers bytes as a download. */
export function saveBlob(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob)
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  setTimeout(() => {
    URL.revokeObjectURL(url)
  }, 10_000)
}

/** A picture on its way to an `img`. */
export type PictureState =
  | { readonly state: 'loading' }
  | { readonly state: 'ready'; readonly url: string }
  | { readonly state: 'failed' }

/** The picture of an artifact, for as long as the component lives. */
export function usePicture(
  artifacts: Artifacts,
  artifact: MaybeRefOrGetter<ArtifactRef>,
): Readonly<ShallowRef<PictureState>> {
  const picture = shallowRef<PictureState>({ state: 'loading' })
  let current: ArtifactRef | undefined
  const release = (): void => {
    if (current !== undefined) artifacts.release(current)
    current = undefined
  }
  watchEffect(() => {
    const next = toValue(artifact)
    if (next.sha256 === current?.sha256) return
    release()
    current = next
    picture.value = { state: 'loading' }
    artifacts.acquire(next).then(
      (url) => {
        if (current === next) picture.value = { state: 'ready', url }
      },
      () => {
        if (current === next) picture.value = { state: 'failed' }
      },
    )
  })
  onScopeDispose(release)
  return picture
}
