{{- /* Begins the names of all objects of this release. */ -}}
{{- define "holdfast.fullname" -}}
{{- .Values.fullnameOverride | default .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- /* What a selector asks for; never changed, for a Deployment's selector cannot be. Takes root and component. */ -}}
{{- define "holdfast.selector" -}}
app.kubernetes.io/name: holdfast
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{- /* Labels of an object. Takes root and component. */ -}}
{{- define "holdfast.labels" -}}
{{ include "holdfast.selector" . }}
app.kubernetes.io/part-of: {{ .root.Values.cluster }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
holdfast.dev/region: {{ .root.Values.region }}
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- /* Name, namespace and labels. Takes root, component and name. */ -}}
{{- define "holdfast.metadata" -}}
name: {{ .name }}
namespace: {{ .root.Release.Namespace }}
labels:
  {{- include "holdfast.labels" . | nindent 2 }}
{{- end -}}

{{- /* An image's full name. Takes root and image. */ -}}
{{- define "holdfast.image" -}}
{{- $image := .root.Values.image -}}
{{- with $image.repository }}{{ . }}/{{ end }}{{ $image.prefix }}-{{ .image }}:{{ $image.tag | default .root.Chart.AppVersion }}
{{- end -}}

{{- /* The services that are turned on, as a JSON list. */ -}}
{{- define "holdfast.components" -}}
{{- $components := list "router" "placement" -}}
{{- range list "coordinator" "journal" "auditor" "archiver" -}}
{{- if (index $.Values .).enabled }}{{ $components = append $components . }}{{ end -}}
{{- end -}}
{{- $components | toJson -}}
{{- end -}}

{{- /* `NAME.NAMESPACE.svc.DOMAIN`. Takes root and name. Whole, so that no search path is walked for each look-up. */ -}}
{{- define "holdfast.host" -}}
{{ .name }}.{{ .root.Release.Namespace }}.svc.{{ .root.Values.clusterDomain }}
{{- end -}}
