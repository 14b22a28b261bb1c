// Removes what an earlier build left in dist and no source stands for. After the build and not before it, so that
// whoever builds on this package meanwhile finds it whole.
import { existsSync, readdirSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { join } from 'node:path'

const root = fileURLToPath(new URL('..', import.meta.url))
for (const entry of readdirSync(join(root, 'dist'), { recursive: true, withFileTypes: true })) {
  if (!entry.isFile()) continue
  const file = join(entry.parentPath, entry.name)
  const source = file.replace(join(root, 'dist'), join(root, 'src')).replace(/(\.d\.ts|\.js)(\.map)?$/, '.ts')
  if (!existsSync(source)) rmSync(file)
}
