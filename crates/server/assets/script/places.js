// On a phone the places are a line that one pushes sideways: the one where one is comes into sight.
document.querySelector(".places [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
