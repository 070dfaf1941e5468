// The elements whose text is too near to what is behind it (WCAG 2.2, 1.4.3).
(() => {
    const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
    const rgb = (colour) => {
        canvas.clearRect(0, 0, 1, 1);
        canvas.fillStyle = colour;
        canvas.fillRect(0, 0, 1, 1);
        return [...canvas.getImageData(0, 0, 1, 1).data];
    };
    const light = (colour) => colour.slice(0, 3).map((v) => v / 255)
        .map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
        .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
    const behind = (element) => {
        for (let at = element; at; at = at.parentElement) {
            const colour = rgb(getComputedStyle(at).backgroundColor);
            if (colour[3]) return colour;
        }
        return [255, 255, 255, 255];
    };
    const poor = new Set();
    for (const e of document.querySelectorAll("main *, header *, nav *, footer")) {
        const words = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
        if (!e.offsetHeight || !words) continue;
        const [more, less] = [light(rgb(getComputedStyle(e).color)), light(behind(e))]
            .sort((x, y) => y - x);
        if ((more + 0.05) / (less + 0.05) < 4.5) poor.add(`${e.tagName}.${e.className}`);
    }
    return [...poor];
})();
