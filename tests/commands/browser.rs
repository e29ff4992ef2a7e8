//! The page in a real browser: Chromium, without a window, on a desk, on a phone, in the dark, on paper and by keyboard.
//!
//! Where there is none, the test says so and passes; `HALFPAID_BROWSER=required`, as in CI, makes that a failure.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use super::place::{LOST, Place};

const NAMES: [&str; 2] = ["chromium", "chromium-browser"];

/// A matrix, so that something is folded twice, and coverage.
const FOLDED: &str = r#"about = "What the paper leaves open."
protocol = ["case1", "case2"]
[faults]
mode = "exhaustive"
at_most = 1
kinds = ["drop", "crash"]
[matrix]
preset = ["as-written", "hardened"]
[expect]
money = "either"
goods = "either"
certified = "either"
terminates = "either"
"#;

/// A browser that is spoken to through a pipe: a JSON object each way at a time, with a zero byte behind it.
struct Browser {
    process: Child,
    says: BufReader<ChildStdout>,
    hears: ChildStdin,
    asked: u64,
    page: Option<String>,
    /// What the page complained of.
    complaints: Vec<Value>,
}

impl Browser {
    /// Starts a browser, if there is one, with a blank page. It ends by itself after five minutes.
    fn start(place: &Place) -> Option<Browser> {
        let here = |name: &&&str| Command::new(name).arg("--version").output().is_ok_and(|o| o.status.success());
        let chromium = NAMES.iter().find(here)?;
        let profile = format!("--user-data-dir={}", place.at("profile").display());
        let flags = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--hide-scrollbars",
        ];
        let quiet =
            ["--disable-quic", "--disable-sync", "--disable-background-networking", "--disable-component-update"];
        // The browser wants the pipe at the third and fourth of its files.
        let mut command = Command::new("sh");
        command.args(["-c", "exec timeout 300 \"$0\" \"$@\" 3<&0 4>&1 </dev/null >/dev/null 2>&1", chromium]);
        command.args(flags).args(quiet).args([&profile, "--remote-debugging-pipe"]);
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (hears, says) = (process.stdin.take().unwrap(), BufReader::new(process.stdout.take().unwrap()));
        let mut browser = Browser { process, says, hears, asked: 0, page: None, complaints: Vec::new() };
        let target = browser.ask("Target.createTarget", json!({ "url": "about:blank" }))["targetId"].clone();
        let session = browser.ask("Target.attachToTarget", json!({ "targetId": target, "flatten": true }));
        browser.page = session["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page.enable", "Runtime.enable", "Log.enable"] {
            browser.ask(domain, json!({}));
        }
        Some(browser)
    }

    /// One question and its answer; complaints that come in between are kept.
    fn ask(&mut self, method: &str, parameters: Value) -> Value {
        self.asked += 1;
        let mut question = json!({ "id": self.asked, "method": method, "params": parameters });
        if let Some(page) = &self.page {
            question["sessionId"] = json!(page);
        }
        self.hears.write_all(format!("{question}\0").as_bytes()).unwrap();
        loop {
            let mut bytes = Vec::new();
            self.says.read_until(0, &mut bytes).unwrap();
            assert_eq!(bytes.pop(), Some(0), "the browser has gone while asked for {method}");
            let mut said: Value = serde_json::from_slice(&bytes).unwrap();
            if said["id"] == self.asked {
                assert!(said["error"].is_null(), "{method}: {said}");
                return said["result"].take();
            }
            let complaint = ["Log.entryAdded", "Runtime.consoleAPICalled", "Runtime.exceptionThrown"];
            if said["method"].as_str().is_some_and(|method| complaint.contains(&method)) {
                self.complaints.push(said);
            }
        }
    }

    /// What an expression comes to in the page.
    fn look(&mut self, expression: &str) -> Value {
        let asked = json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        let mut answer = self.ask("Runtime.evaluate", asked);
        assert!(answer["exceptionDetails"].is_null(), "{answer}");
        answer["result"]["value"].take()
    }

    /// Loads the page anew for a medium.
    fn open(&mut self, place: &Place, width: u32, scheme: &str, medium: &str) {
        let phone = width < 600;
        let size = json!({ "width": width, "height": 800, "deviceScaleFactor": 1, "mobile": phone });
        self.ask("Emulation.setDeviceMetricsOverride", size);
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.ask("Emulation.setEmulatedMedia", json!({ "media": medium, "features": features }));
        self.ask("Page.navigate", json!({ "url": "about:blank" }));
        self.ask("Page.navigate", json!({ "url": format!("file://{}", place.at("results/report.html").display()) }));
        self.look("new Promise(done => document.readyState == 'complete' ? done() : onload = done)");
    }

    fn press(&mut self, key: &str) {
        let (code, text) = if key == "Enter" { (13, "\r") } else { (9, "") };
        for kind in ["keyDown", "keyUp"] {
            let stroke = json!({ "type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code, "text": text });
            self.ask("Input.dispatchKeyEvent", stroke);
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.hears.write_all(b"{\"id\":0,\"method\":\"Browser.close\"}\0");
        let _ = self.process.wait();
    }
}

/// A browser and a page of folded things; nothing where there is no browser, and nobody requires one.
fn shown() -> Option<(Place, Browser)> {
    let place = Place::new().and("lost", LOST).and("folded", FOLDED);
    let browser = Browser::start(&place);
    if browser.is_none() {
        assert!(std::env::var_os("HALFPAID_BROWSER").is_none(), "there is no Chromium, and it is required");
        eprintln!("skipped: there is no Chromium on this machine");
    }
    place.halfpaid(&["run", "scenarios", "--quiet"]).output().unwrap();
    place.says(0, &["report", "results"]);
    browser.map(|browser| (place, browser))
}

/// Whatever is wider than the screen and does not scroll by itself.
const TOO_WIDE: &str = "[...document.querySelectorAll('body *')]
    .filter(e => e.getBoundingClientRect().right > innerWidth + 1 && e.checkVisibility())
    .filter(e => !e.closest('.wide, pre, nav, .skip, .unseen')).map(e => e.outerHTML.slice(0, 200))";

/// Words of pictures that are cut off at the edge.
const CUT: &str = "[...document.querySelectorAll('svg')].flatMap(svg => {
    const whole = svg.viewBox.baseVal;
    return [...svg.querySelectorAll('text')].filter(text => {
        const box = text.getBBox();
        return box.x < 0 || box.x + box.width > whole.width + 1 || box.y < 0 || box.y + box.height > whole.height + 1;
    }).map(text => text.textContent) })";

/// Words whose colour is too close to that of the paper behind them: less than 4.5 to 1.
const FAINT: &str = "(() => {
    const canvas = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
    const over = (colours) => {
        canvas.clearRect(0, 0, 1, 1);
        colours.forEach(colour => { canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1) });
        const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3)
            .map(part => part / 255).map(part => part <= .04045 ? part / 12.92 : ((part + .055) / 1.055) ** 2.4);
        return .2126 * r + .7152 * g + .0722 * b;
    };
    const behind = (element) => element ? [...behind(element.parentElement), getComputedStyle(element).backgroundColor] : [];
    return [...document.querySelectorAll('body *')].filter(element => {
        const drawn = element.closest('svg');
        if (![...element.childNodes].some(node => node.nodeType == 3 && node.data.trim())) return false;
        if (drawn && !['text', 'tspan'].includes(element.tagName)) return false;
        const style = getComputedStyle(element);
        const papers = behind(drawn ?? element);
        const [paper, ink] = [over(papers), over([...papers, drawn ? style.fill : style.color])];
        return (Math.max(paper, ink) + .05) / (Math.min(paper, ink) + .05) < 4.5;
    }).map(element => element.outerHTML.slice(0, 120)) })()";

#[test]
fn chromium_shows_the_page_on_a_desk_a_phone_and_in_the_dark() {
    let Some((place, mut browser)) = shown() else { return };
    let mut papers = Vec::new();
    for (width, scheme) in [(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")] {
        browser.open(&place, width, scheme, "");
        assert!(browser.look("document.querySelectorAll('svg.sequence').length").as_u64() > Some(2));
        browser.look("document.querySelectorAll('details').forEach(details => details.open = true)");
        let sideways = browser.look("document.documentElement.scrollWidth - innerWidth");
        assert_eq!(sideways, 0, "{width} {scheme}: the page scrolls sideways");
        for (what, wrong) in [("too wide", TOO_WIDE), ("cut off", CUT), ("faint", FAINT)] {
            assert_eq!(browser.look(wrong), json!([]), "{width} {scheme}: {what}");
        }
        papers.push(browser.look("getComputedStyle(document.body).backgroundColor"));
    }
    assert_ne!(papers[0], papers[1], "dark is not dark");
    assert_eq!(browser.complaints, Vec::<Value>::new());
}

#[test]
fn a_key_leads_from_a_verdict_to_its_picture_and_paper_has_what_is_unfolded() {
    let Some((place, mut browser)) = shown() else { return };
    browser.open(&place, 1280, "light", "");
    // What a tab stops at first is the way past the head.
    browser.press("Tab");
    assert_eq!(browser.look("document.activeElement.className"), "skip");
    let link = "[...document.querySelectorAll('.matrix a[href^=\"#case\"]')].filter(a => a.checkVisibility()).pop()";
    let picture = format!("document.querySelector({link}.hash)");
    let drawn = format!("{picture}.checkVisibility()");
    assert_eq!(browser.look(&drawn), false, "it should be folded");
    browser.look(&format!("{link}.focus()"));
    browser.press("Enter");
    browser.look("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))");
    assert_eq!(browser.look(&drawn), true);
    let at = browser.look(&format!("{picture}.getBoundingClientRect().top"));
    assert!((0.0..800.0).contains(&at.as_f64().unwrap()), "{at}");
    let unfolded = "[...document.querySelectorAll('svg.sequence')].filter(svg => svg.checkVisibility()).length";
    assert_eq!(browser.look(unfolded), 2, "the first picture, and the one that was asked for");
    browser.ask("Emulation.setEmulatedMedia", json!({ "media": "print", "features": [] }));
    assert_eq!(browser.look(unfolded), 2);
    assert_eq!(browser.look("document.querySelector('nav').checkVisibility()"), false);
    let paper = browser.ask("Page.printToPDF", json!({ "printBackground": true }));
    assert!(paper["data"].as_str().unwrap().len() > 20_000);
    assert_eq!(browser.complaints, Vec::<Value>::new());
}
