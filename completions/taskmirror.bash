# Completion for bash. Without the package bash-completion: source this file.

_taskmirror() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command="" i
    local commands="help version sync run reload check plan status verify schema search report backup doctor init"
    local common="--config --database --log-level --log-format --quiet --no-progress --help --version"
    local reports="table csv json markdown"
    COMPREPLY=()

    # The first word that is no option, nor the value of one.
    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
            --config | --database | --log-level | --log-format | --max-minutes | --max-requests | --project | --format | \
                --limit | --html | --period | --team | --person | --keep | --base-url) ((i++)) ;;
            -*) ;;
            *)
                command=${COMP_WORDS[i]}
                break
                ;;
        esac
    done

    case $before in
        --config | --database | --html)
            compopt -o filenames 2>/dev/null
            mapfile -t COMPREPLY < <(compgen -f -- "$word")
            return
            ;;
        --log-level) set -- "debug info warning error off" ;;
        --log-format) set -- "auto text json journal" ;;
        --format) if [[ $command == search ]]; then set -- "table json"; else set -- "$reports"; fi ;;
        --max-minutes | --max-requests | --project | --limit | --period | --team | --person | --keep | --base-url) return ;;
        *)
            case $command in
                "") set -- "$commands $common" ;;
                sync) set -- "--full --accept-deletions --max-minutes --max-requests $common" ;;
                status) set -- "--json $common" ;;
                verify) set -- "--repair --project --stories $common" ;;
                schema) set -- "--sql --markdown $common" ;;
                search) set -- "--format --limit $common" ;;
                report)
                    set -- "--list --format --limit --html --period --project --team --person $common"
                    if [[ $word != -* && $before == report ]]; then
                        # Each report stands on a line of its own.
                        set -- "$(taskmirror report --list 2>/dev/null | grep -x '[a-z][a-z-]*')"
                    fi
                    ;;
                backup)
                    if [[ $word != -* ]]; then
                        compopt -o filenames 2>/dev/null
                        mapfile -t COMPREPLY < <(compgen -f -- "$word")
                        return
                    fi
                    set -- "--keep $common"
                    ;;
                doctor) set -- "--full --json $common" ;;
                init) set -- "--base-url $common" ;;
                *) set -- "$common" ;;
            esac
            ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$1" -- "$word")
}

complete -F _taskmirror taskmirror
