import { createApp } from 'vue'
import App from './App.vue'
import { createStudioRouter, fetchPages } from './router'
import './styles/fonts.css'
import './styles/tokens.css'
import './styles/base.css'

/** The server writes its own path into `<base href>`; everything else is relative to it. */
const base = new URL(document.baseURI)

const router = createStudioRouter(base)

createApp(App, { base }).use(router).mount('#studio')
void router.isReady().then(() => setTimeout(fetchPages, 1000))
