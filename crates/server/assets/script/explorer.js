// The ID of a configuration item follows its folder and name while they are typed.
(() => {
  const id = document.querySelector("[data-item-id]");
  const name = document.getElementById("name");
  const folder = document.getElementById("folder");
  if (!id || !name || !folder) return;
  const show = () => { id.textContent = `${folder.value}/${name.value.trim()}`; };
  name.addEventListener("input", show);
  folder.addEventListener("input", show);
})();
