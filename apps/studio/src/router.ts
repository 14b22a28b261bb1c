/** The pages and their addresses. All but the board come in files of their own, fetched when the first page stands. */
import { createRouter, createWebHistory, type Router } from 'vue-router'
import BoardPage from './features/board/BoardPage.vue'

const loadJob = () => import('./features/job/JobPage.vue')
const loadResults = () => import('./features/results/ResultsPage.vue')
const loadWorkflows = () => import('./features/workflows/WorkflowsPage.vue')
const loadWorkflow = () => import('./features/workflows/WorkflowPage.vue')
const loadLogs = () => import('./features/logs/LogsPage.vue')

/** Fetches the other pages, so that they can be opened while the server is away. */
export function fetchPages(): void {
  for (const load of [loadJob, loadWorkflows, loadWorkflow, loadResults, loadLogs]) {
    // Opening the page tries again, and says what is wrong.
    load().catch(() => undefined)
  }
}

/** The router of a Studio that lives at `base`. */
export function createStudioRouter(base: URL): Router {
  const router = createRouter({
    history: createWebHistory(base.pathname),
    routes: [
      { path: '/', name: 'board', component: BoardPage, meta: { title: 'Board' } },
      {
        path: '/jobs/:id',
        name: 'job',
        component: loadJob,
        props: true,
        meta: { title: 'Job' },
      },
      { path: '/workflows', name: 'workflows', component: loadWorkflows, meta: { title: 'Workflows' } },
      { path: '/workflows/:id', name: 'workflow', component: loadWorkflow, props: true, meta: { title: 'Workflow' } },
      {
        path: '/results',
        name: 'results',
        component: loadResults,
        meta: { title: 'Results' },
      },
      { path: '/logs', name: 'logs', component: loadLogs, meta: { title: 'Logs' } },
      { path: '/:rest(.*)*', redirect: '/' },
    ],
  })
  router.afterEach((to) => {
    const title = to.meta['title']
    document.title = typeof title === 'string' ? `${title} · Callboard` : 'Callboard'
  })
  return router
}
