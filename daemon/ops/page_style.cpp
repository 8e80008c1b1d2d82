#include "ops/page_style.hpp"

#include <fmt/format.h>

#include <iterator>
#include <string_view>

#include "ops/chart.hpp"

namespace taskmirror::ops {
namespace {

// The colours of charts are Okabe and Ito's palette, which people see apart however they see colours:
// https://jfly.uni-koeln.de/color/
constexpr std::string_view kStyle = R"(
:root{color-scheme:light dark;--page:#f6f7f9;--card:#fff;--text:#1b1f24;--muted:#5a6470;--rule:#d9dee4;--grid:#e6e9ed;
--link:#0b5cad;--warn:#9a3b00;--c0:#0072b2;--c1:#e69f00;--c2:#009e73;--c3:#cc79a7;--c4:#56b4e9;--c5:#d55e00;--c6:#e5d72f;--c7:#8b939c}
@media screen and (prefers-color-scheme:dark){:root{--page:#14171b;--card:#1d2126;--text:#e8eaed;--muted:#a3adb8;--rule:#39414a;
--grid:#2c333a;--link:#7cb8f2;--warn:#ffb27a;--c0:#3c9bdc;--c1:#e69f00;--c2:#1fb58a;--c3:#d992b8;--c4:#7cc7f2;--c5:#e8702a;--c6:#f0e442;--c7:#7d8791}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--text);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif}
main{max-width:1040px;margin:0 auto;padding:32px 24px 48px}
h1{font-size:1.9rem;line-height:1.2;margin:0 0 8px}
h2{font-size:1.2rem;line-height:1.3;margin:0 0 4px}
p{margin:0 0 12px;overflow-wrap:anywhere}
a{color:var(--link)}
.says,.muted{color:var(--muted)}
.facts{display:flex;flex-wrap:wrap;gap:4px 28px;margin:16px 0 24px;padding:12px 0;border:solid var(--rule);border-width:1px 0;font-size:.92rem}
.facts div{min-width:0}
.facts dt{color:var(--muted);font-size:.8rem}
.facts dd{margin:0;overflow-wrap:anywhere}
.warn{color:var(--warn);font-weight:600}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(140px,1fr));gap:12px;margin:0 0 24px;padding:0;list-style:none}
.figures li{background:var(--card);border:1px solid var(--rule);border-radius:10px;padding:12px 16px;color:var(--muted);font-size:.88rem;line-height:1.3}
.figures b{display:block;color:var(--text);font-size:1.7rem;line-height:1.25;font-variant-numeric:tabular-nums}
section{background:var(--card);border:1px solid var(--rule);border-radius:10px;padding:20px 22px;margin:0 0 20px}
figure{margin:8px 0 0}
svg{display:block;width:100%;height:auto;font:12px system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif}
svg.narrow{display:none}
.legend{display:flex;flex-wrap:wrap;gap:2px 18px;margin:10px 0 0;padding:0;list-style:none;font-size:.88rem}
.legend li{display:flex;align-items:baseline;min-width:0;overflow-wrap:anywhere}
.legend i{flex:none;width:12px;height:12px;border-radius:3px;margin-right:7px;align-self:center}
.note{color:var(--muted);font-size:.88rem;margin:8px 0 0}
.label,.name,.value{fill:var(--text)}.label{fill:var(--muted)}
.axis{stroke:var(--muted)}.grid{stroke:var(--grid)}.across{stroke:var(--text);stroke-dasharray:5 4;opacity:.75}
.line{fill:none;stroke-width:2.5;stroke-linejoin:round}.edge{stroke:var(--card);stroke-width:1}.soft{fill-opacity:.35}
.dots{stroke-width:5;stroke-linecap:round;fill:none;stroke-opacity:.45}circle{fill-opacity:.6}
)";

constexpr std::string_view kMoreStyle = R"(
.scroll{overflow-x:auto;margin:8px -22px -20px;padding:0 22px 16px}
table{border-collapse:collapse;font-size:.88rem;min-width:100%}
th,td{text-align:left;vertical-align:top;padding:6px 14px 6px 0;border-bottom:1px solid var(--rule);max-width:22rem;overflow-wrap:break-word}
thead th{color:var(--muted);font-weight:600;white-space:nowrap;border-bottom-width:2px}
tbody th{font-weight:400}
.t{min-width:7rem}.n{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}.d{white-space:nowrap;font-variant-numeric:tabular-nums}
footer{color:var(--muted);font-size:.85rem}
@media screen and (max-width:640px){main{padding:20px 14px 32px}h1{font-size:1.5rem}section{padding:16px 14px}
.scroll{margin:8px -14px -16px;padding:0 14px 12px}svg.wide{display:none}svg.narrow{display:block}.figures{grid-template-columns:1fr 1fr}}
@media print{body{background:#fff;font-size:11pt}main{max-width:none;padding:0}section{border:0;padding:0;margin:0 0 18pt}
.scroll{overflow:visible;margin:0;padding:0}figure,.figures li,tr{break-inside:avoid}h2,section>p{break-after:avoid}thead{display:table-header-group}
table{font-size:8.5pt}th,td{padding-right:8px;overflow-wrap:anywhere}thead th,.n,.d{white-space:normal}.t{min-width:0}a{color:inherit;text-decoration:none}*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
)";

std::string colours() {
    std::string style;
    for (std::size_t i = 0; i < kColours; ++i)
        fmt::format_to(std::back_inserter(style),
                       ".f{0}{{fill:var(--c{0})}}.s{0}{{stroke:var(--c{0})}}i.f{0}{{background:var(--c{0})}}", i);
    return style;
}

}  // namespace

std::string page_style() { return std::string(kStyle) + colours() + std::string(kMoreStyle); }

}  // namespace taskmirror::ops
