// Opens ClinicPro Images at once, and says what to do where nothing answers.
// A page that loses the focus, or is hidden, has been answered: by the
// program, or by the browser's own question.
const open = document.getElementById('open')
if (open) {
  const help = document.getElementById('help')
  help.classList.add('waiting')
  let answered = false
  const noticed = () => { answered = true }
  window.addEventListener('blur', noticed)
  document.addEventListener('visibilitychange', () => { if (document.hidden) noticed() })
  const show = () => {
    help.classList.remove('waiting')
    if (!answered) document.getElementById('title').textContent = 'ClinicPro Images did not open'
  }
  setTimeout(show, 2500)
  open.addEventListener('click', () => setTimeout(show, 2500))
  history.replaceState(null, '', '/launch') // the address names a patient to whoever may decode it
  window.location.href = open.href
}
