"use strict";
// Everything is on the page without this: it hides what a reader is not looking for.
(() => {
    const form = document.querySelector(".filter");
    const said = form.querySelector("output");
    const told = document.getElementById("told");
    const words = (name) => form.elements[name].value.toLowerCase().split(/[\s,]+/).filter(Boolean);
    const any = (wanted, text) => !wanted.length || wanted.some((word) => text.includes(word));

    const apply = () => {
        const cells = words("cells");
        const actions = words("actions");
        const decision = form.elements.decision.value;
        for (const row of document.querySelectorAll("[data-cells]")) {
            row.hidden = !any(cells, row.dataset.cells.toLowerCase());
        }
        let shown = 0;
        let all = 0;
        for (const table of document.querySelectorAll(".matrix")) {
            const rows = [...table.tBodies[0].rows];
            const heads = [...table.tHead.rows[0].cells].slice(1);
            let left = 0;
            heads.forEach((head, n) => {
                const fits = any(actions, head.dataset.action) && (!decision || rows.some(
                    (row) => !row.hidden && row.cells[n + 1].classList.contains(decision)));
                head.hidden = !fits;
                rows.forEach((row) => { row.cells[n + 1].hidden = !fits; });
                left += fits;
            });
            all += heads.length;
            shown += left;
            table.closest("section").hidden = !left || rows.every((row) => row.hidden);
        }
        for (const row of document.querySelectorAll(".decisions tbody tr")) {
            const effect = row.cells[0].className;
            const wrong = ["deny", "allow", "grant"].includes(decision) && effect !== decision;
            row.hidden = wrong || !any(actions, row.cells[1].textContent);
        }
        const rows = [...document.querySelectorAll("#powers > details")];
        const kept = rows.filter((row) => !row.hidden).length;
        said.textContent = `${kept} of ${rows.length} groups of cells, ${shown} of ${all} actions`;
    };

    const follow = () => {
        const found = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
        for (let at = found; at; at = at.parentElement) {
            if (at.tagName === "DETAILS") at.open = true;
        }
        if (found) found.scrollIntoView();
    };

    document.addEventListener("click", (event) => {
        const cell = event.target.closest(".matrix td");
        if (cell) told.textContent = `${cell.parentElement.cells[0].textContent.trim()}: ${cell.title}`;
    });
    form.addEventListener("input", apply);
    form.addEventListener("submit", (event) => event.preventDefault());
    window.addEventListener("hashchange", follow);
    form.hidden = false;
    apply();
    follow();
})();
