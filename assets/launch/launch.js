// Opens ClinicPro Images at once, and says what to do where nothing answers.
// A page that loses the focus, or is hidden, has been answered: by the
// program, or by the browser's own question.
const open = document.getElementById('open')
if (open) {
  const help = document.getElementById('help')
  help.classList.add('waiting')
  const title = document.getElementById('title')
  const first = [title.textContent, document.title]
  let answered = false
  const noticed = () => { // late, perhaps, on a slow computer: what was said before is taken back
    answered = true
    ;[title.textContent, document.title] = first
  }
  window.addEventListener('blur', noticed)
  document.addEventListener('visibilitychange', () => { if (document.hidden) noticed() })
  const show = () => {
    help.classList.remove('waiting')
    if (!answered) document.title = title.textContent = 'ClinicPro Images did not open'
  }
  setTimeout(show, 2500)
  open.addEventListener('click', () => setTimeout(show, 2500))
  history.replaceState(null, '', '/launch') // the address names a patient to whoever may decode it
  // Not before the page is there: one that is sent on earlier never ends loading.
  window.addEventListener('load', () => { window.location.href = open.href })
}
