"use strict";(self.rspackChunklambda_nb=self.rspackChunklambda_nb||[]).push([[700],{646(e,r,o){var n=o(601),t=o.n(n),a=o(314),i=(o.n(a))()(t());i.push([e.id,`/* Only JupyterLab's own variables, so that every theme, dark ones too, looks right. */

.lnb-panel {
  background: var(--jp-layout-color1);
  color: var(--jp-ui-font-color1);
  font-size: var(--jp-ui-font-size1);
  overflow-y: auto;
  min-width: 220px;
}

.lnb-panel-header {
  display: grid;
  grid-template-columns: 1fr auto;
  align-items: center;
  padding: 8px 12px;
  border-bottom: 1px solid var(--jp-border-color2);
}

.lnb-panel-header h2 {
  margin: 0;
  font-size: var(--jp-ui-font-size1);
  font-weight: 600;
}

.lnb-refresh {
  border: none;
  background: none;
  cursor: pointer;
  padding: 4px;
  border-radius: var(--jp-border-radius);
}

.lnb-refresh:hover {
  background: var(--jp-layout-color2);
}

.lnb-endpoint {
  grid-column: 1 / -1;
  color: var(--jp-ui-font-color2);
  font-size: var(--jp-ui-font-size0);
  overflow-wrap: anywhere;
}

.lnb-hint {
  padding: 0 12px;
  color: var(--jp-ui-font-color2);
  line-height: 1.5;
}

.lnb-hint code,
.lnb-name {
  font-family: var(--jp-code-font-family);
}

.lnb-list {
  list-style: none;
  margin: 0;
  padding: 0;
}

.lnb-function {
  padding: 8px 12px;
  border-bottom: 1px solid var(--jp-border-color2);
  line-height: 1.5;
}

.lnb-function-title {
  display: flex;
  justify-content: space-between;
  gap: 8px;
}

.lnb-name {
  font-weight: 600;
  overflow-wrap: anywhere;
}

.lnb-settings,
.lnb-counts,
.lnb-last {
  color: var(--jp-ui-font-color2);
  font-size: var(--jp-ui-font-size0);
}

.lnb-state {
  font-size: var(--jp-ui-font-size0);
  color: var(--jp-ui-font-color2);
}

.lnb-state::before {
  content: '●';
  margin-right: 4px;
  color: var(--jp-ui-font-color3);
}

.lnb-state-active::before {
  color: var(--jp-success-color1);
}

.lnb-state-pending::before,
.lnb-state-updating::before {
  color: var(--jp-warn-color1);
}

.lnb-state-failed::before {
  color: var(--jp-error-color1);
}

.lnb-error {
  color: var(--jp-error-color1);
}

.lnb-cell {
  position: relative;
}

.lnb-cell .jp-InputArea-editor {
  border-left: 3px solid var(--jp-brand-color1);
}

.lnb-badge {
  position: absolute;
  right: 12px;
  top: -7px;
  z-index: 1;
  padding: 0 6px;
  border: 1px solid var(--jp-border-color2);
  border-radius: 8px;
  background: var(--jp-layout-color1);
  color: var(--jp-ui-font-color2);
  font-size: 10px;
  line-height: 14px;
  pointer-events: none;
}

.lnb-badge-live {
  border-color: var(--jp-brand-color1);
  color: var(--jp-ui-font-color1);
}

.lnb-status {
  display: flex;
  align-items: center;
}

.lnb-status.lm-mod-hidden {
  display: none;
}

.lnb-status button {
  border: none;
  background: none;
  padding: 0 6px;
  color: inherit;
  font: inherit;
  line-height: 24px;
  cursor: pointer;
}

.lnb-status button:hover {
  background: var(--jp-layout-color3);
}
`,""]),o.d(r,{},{A:i})},314(e){e.exports=function(e){var r=[];return r.toString=function(){return this.map(function(r){var o="",n=void 0!==r[5];return r[4]&&(o+="@supports (".concat(r[4],") {")),r[2]&&(o+="@media ".concat(r[2]," {")),n&&(o+="@layer".concat(r[5].length>0?" ".concat(r[5]):""," {")),o+=e(r),n&&(o+="}"),r[2]&&(o+="}"),r[4]&&(o+="}"),o}).join("")},r.i=function(e,o,n,t,a){"string"==typeof e&&(e=[[null,e,void 0]]);var i={};if(n)for(var l=0;l<this.length;l++){var s=this[l][0];null!=s&&(i[s]=!0)}for(var c=0;c<e.length;c++){var p=[].concat(e[c]);n&&i[p[0]]||(void 0!==a&&(void 0===p[5]||(p[1]="@layer".concat(p[5].length>0?" ".concat(p[5]):""," {").concat(p[1],"}")),p[5]=a),o&&(p[2]&&(p[1]="@media ".concat(p[2]," {").concat(p[1],"}")),p[2]=o),t&&(p[4]?(p[1]="@supports (".concat(p[4],") {").concat(p[1],"}"),p[4]=t):p[4]="".concat(t)),r.push(p))}},r}},601(e){e.exports=function(e){return e[1]}},72(e){var r=[];function o(e){for(var o=-1,n=0;n<r.length;n++)if(r[n].identifier===e){o=n;break}return o}function n(e,n){for(var t={},a=[],i=0;i<e.length;i++){var l=e[i],s=n.base?l[0]+n.base:l[0],c=t[s]||0,p="".concat(s," ").concat(c);t[s]=c+1;var u=o(p),d={css:l[1],media:l[2],sourceMap:l[3],supports:l[4],layer:l[5]};if(-1!==u)r[u].references++,r[u].updater(d);else{var f=function(e,r){var o=r.domAPI(r);return o.update(e),function(r){r?(r.css!==e.css||r.media!==e.media||r.sourceMap!==e.sourceMap||r.supports!==e.supports||r.layer!==e.layer)&&o.update(e=r):o.remove()}}(d,n);n.byIndex=i,r.splice(i,0,{identifier:p,updater:f,references:1})}a.push(p)}return a}e.exports=function(e,t){var a=n(e=e||[],t=t||{});return function(e){e=e||[];for(var i=0;i<a.length;i++){var l=o(a[i]);r[l].references--}for(var s=n(e,t),c=0;c<a.length;c++){var p=o(a[c]);0===r[p].references&&(r[p].updater(),r.splice(p,1))}a=s}}},659(e){var r={};e.exports=function(e,o){var n=function(e){if(void 0===r[e]){var o=document.querySelector(e);if(window.HTMLIFrameElement&&o instanceof window.HTMLIFrameElement)try{o=o.contentDocument.head}catch(e){o=null}r[e]=o}return r[e]}(e);if(!n)throw Error("Couldn't find a style target. This probably means that the value for the 'insert' parameter is invalid.");n.appendChild(o)}},540(e){e.exports=function(e){var r=document.createElement("style");return e.setAttributes(r,e.attributes),e.insert(r,e.options),r}},56(e,r,o){e.exports=function(e){var r=o.nc;r&&e.setAttribute("nonce",r)}},206(e){e.exports=function(e){if("u"<typeof document)return{update:function(){},remove:function(){}};var r=e.insertStyleElement(e);return{update:function(o){var n,t,a;n="",o.supports&&(n+="@supports (".concat(o.supports,") {")),o.media&&(n+="@media ".concat(o.media," {")),(t=void 0!==o.layer)&&(n+="@layer".concat(o.layer.length>0?" ".concat(o.layer):""," {")),n+=o.css,t&&(n+="}"),o.media&&(n+="}"),o.supports&&(n+="}"),(a=o.sourceMap)&&"u">typeof btoa&&(n+="\n/*# sourceMappingURL=data:application/json;base64,".concat(btoa(unescape(encodeURIComponent(JSON.stringify(a))))," */")),e.styleTagTransform(n,r,e.options)},remove:function(){var e;null===(e=r).parentNode||e.parentNode.removeChild(e)}}}},113(e){e.exports=function(e,r){if(r.styleSheet)r.styleSheet.cssText=e;else{for(;r.firstChild;)r.removeChild(r.firstChild);r.appendChild(document.createTextNode(e))}}},959(e,r,o){var n=o(72),t=o.n(n),a=o(206),i=o.n(a),l=o(659),s=o.n(l),c=o(56),p=o.n(c),u=o(540),d=o.n(u),f=o(113),b=o.n(f),v=o(646),h={};h.styleTagTransform=b(),h.setAttributes=p(),h.insert=s().bind(null,"head"),h.domAPI=i(),h.insertStyleElement=d(),t()(v.A,h),v.A&&v.A.locals&&v.A.locals}}]);